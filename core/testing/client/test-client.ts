import type { ConnectionOptions } from "node:tls";
import type { Size } from "../../contract/index.ts";
import type { Bytes } from "../values/bytes.ts";
import type { WaitOptions } from "../values/wait.ts";

/** How a connection ended: by FIN, by a reset (RST), or by another error. */
export type Ending = "fin" | "reset" | Error;

/** Options of connect() and connectTo(). */
export interface ConnectOptions extends WaitOptions {
  /**
   * On `tls://`: options for Node's `tls.connect`. Without a `ca` any certificate is accepted, since tests make their own; the server name is
   * `localhost`.
   */
  readonly tls?: ConnectionOptions;
  /** On a stream: the most unread bytes before the client stops reading, to simulate a slow reader. @default 16 MiB */
  readonly unread?: Size;
}

/** A client as the test kit itself sees it. */
export interface OpenClient extends TestClient {
  readonly isOpen: boolean;
  readonly datagrams: boolean;
}

/**
 * A client of a proxy, or of any server, for tests. Every wait has a time limit; its error shows the bytes so far, in hex and text. The client
 * receives data at once and keeps it until the test reads it.
 */
export interface TestClient extends AsyncDisposable {
  /** The address to which it is connected: `tcp://127.0.0.1:8080`. */
  readonly url: string;
  /** Its own address, as the proxy sees it: `127.0.0.1:50000`. Empty on a unix socket. */
  readonly local: string;
  /**
   * Streams: sends bytes. Settles when the kernel has taken them; a test need not wait for that.
   * @throws SLUICE_TEST_BYTES, SLUICE_TEST_TIMEOUT, or the connection's error
   */
  write(data: Bytes): Promise<void>;
  /**
   * Streams: reads exactly this number of bytes; further bytes wait for the next read.
   * @throws SLUICE_TEST_TIMEOUT, SLUICE_TEST_ENDED when the connection ends before that
   */
  read(bytes: number, options?: WaitOptions): Promise<Buffer>;
  /**
   * Streams: reads everything up to these bytes, including them.
   * @throws SLUICE_TEST_TIMEOUT, SLUICE_TEST_ENDED when the connection ends before
   */
  readUntil(text: Bytes, options?: WaitOptions): Promise<Buffer>;
  /**
   * Streams: reads everything up to the peer's FIN.
   * @throws SLUICE_TEST_TIMEOUT; SLUICE_TEST_ENDED after a reset or another error
   */
  readAll(options?: WaitOptions): Promise<Buffer>;
  /** Sends these last bytes and FIN, after everything that was written. UDP: closes the socket. */
  end(data?: Bytes): void;
  /** Resets the connection (RST). A unix socket has no reset, and is closed. UDP: closes the socket. */
  reset(): void;
  /** UDP: sends one datagram. Settles when the kernel has taken it. */
  send(data: Bytes): Promise<void>;
  /** UDP: the next datagram, which may have come already. @throws SLUICE_TEST_TIMEOUT, or the error of the system: ECONNREFUSED */
  receive(options?: WaitOptions): Promise<Buffer>;
  /** Resolves with `"fin"` when the peer has finished, or with the reset or error. UDP: when the socket is closed. Bounded by the client's timeout. */
  readonly ended: Promise<Ending>;
  /** Resolves when both sides have ended. A reset together with the last bytes counts as a reset. Bounded by the client's timeout. */
  readonly closed: Promise<Ending>;
}
