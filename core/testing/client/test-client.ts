import type { ConnectionOptions } from "node:tls";
import type { Bytes } from "../values/bytes.ts";

/** How both sides of a connection came to their end: by FIN, by a reset (RST), or by another error. */
export type Ending = "fin" | "reset" | Error;

export interface WaitOptions {
  /** Milliseconds until a wait gives up. @default that of the client: 2000 */
  readonly timeout?: number;
}

export interface ConnectOptions extends WaitOptions {
  /**
   * On `tls://`: what Node's `tls.connect` takes. Without a `ca` any certificate is accepted, since a test makes its own; the server name is `localhost`.
   */
  readonly tls?: ConnectionOptions;
  /** On a stream: bytes that may wait unread before the client stops reading, so that a slow reader can be played. @default 16 MiB */
  readonly unread?: number;
}

/**
 * A client of a proxy, or of any server, for a test. Every wait has a bound; the error says what had come by then, in hex and text. It reads
 * what comes at once and keeps it until it is asked for.
 */
export interface TestClient extends AsyncDisposable {
  /** Where it is connected to: `tcp://127.0.0.1:8080`. */
  readonly url: string;
  /** Its own address, as the proxy sees it: `127.0.0.1:50000`. Empty on a unix socket. */
  readonly local: string;
  /**
   * Streams: sends bytes. Settles when the kernel has taken them; there is no need to wait for it.
   * @throws SLUICE_TEST_BYTES, SLUICE_TEST_TIMEOUT, or the connection's error
   */
  write(data: Bytes): Promise<void>;
  /**
   * Streams: exactly so many bytes; what comes after them waits for the next read.
   * @throws SLUICE_TEST_TIMEOUT, SLUICE_TEST_ENDED when the connection ends before
   */
  read(bytes: number, options?: WaitOptions): Promise<Buffer>;
  /**
   * Streams: everything up to these bytes, and these too.
   * @throws SLUICE_TEST_TIMEOUT, SLUICE_TEST_ENDED when the connection ends before
   */
  readUntil(text: Bytes, options?: WaitOptions): Promise<Buffer>;
  /**
   * Streams: everything up to the peer's FIN.
   * @throws SLUICE_TEST_TIMEOUT; SLUICE_TEST_ENDED after a reset or another error
   */
  readAll(options?: WaitOptions): Promise<Buffer>;
  /** Sends FIN, after what was written, and these last bytes. UDP: closes the socket. */
  end(data?: Bytes): void;
  /** Breaks the connection off with a reset (RST). A unix socket knows none, and is closed. UDP: closes the socket. */
  reset(): void;
  /** UDP: sends one datagram. Settles when the kernel has taken it. */
  send(data: Bytes): Promise<void>;
  /** UDP: the next datagram that comes, or came and was not asked for yet. @throws SLUICE_TEST_TIMEOUT, or what the system said: ECONNREFUSED */
  receive(options?: WaitOptions): Promise<Buffer>;
  /** Resolves when the peer has finished, with `"fin"`, or broken off. UDP: when the socket is closed. Bounded by the client's timeout. */
  readonly ended: Promise<Ending>;
  /** Resolves once both sides are through. A reset that comes with the last bytes is a reset. Bounded by the client's timeout. */
  readonly closed: Promise<Ending>;
}
