import type { Leg, ServerTlsOptions, SessionTls, SocketAddress } from "../../contract/index.ts";
import type { FirstSource } from "../first-reading.ts";
import type { AgreedTls } from "./start-tls.ts";

/** A client that was accepted, as its session sees it: its leg, which TLS termination replaces, and what can be asked of it. */
export interface AcceptedClient {
  readonly leg: Leg;
  address(): SocketAddress;
  /** The address that the client came to; undefined where it is the listener's, or can no longer be asked for. */
  local(): SocketAddress | undefined;
  /** Whether the client has reset the connection, while nobody reads it. A unix socket tells it by an error of its own, later. */
  isGone(): boolean;
  /** Where its first bytes can be read, as long as nobody reads it. */
  first(): FirstSource;
  /**
   * Where its transport begins with a ClientHello: reads it, and puts it back.
   * @param timeout milliseconds
   * @param allowsPlain resolves with undefined when the first byte is none of TLS
   */
  hello?(timeout: number, allowsPlain: boolean): Promise<SessionTls | undefined>;
  /** Terminates TLS, once; from then on `leg` is the decrypted one. @param timeout milliseconds */
  secure(options: ServerTlsOptions, timeout?: number): Promise<AgreedTls>;
}
