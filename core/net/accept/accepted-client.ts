import type { Leg, ServerTlsOptions, SessionTls, SocketAddress, WireTap } from "../../contract/index.ts";
import type { FirstSource } from "../first-reading.ts";
import type { AgreedTls } from "./tls/agreed-tls.ts";

/** An accepted client, as its session sees it: its leg, which TLS termination replaces, and its addresses and state. */
export interface AcceptedClient {
  readonly leg: Leg;
  address(): SocketAddress;
  /** The address that the client connected to; undefined if it is the listener's own, or if the system no longer knows it. */
  local(): SocketAddress | undefined;
  /** Whether the client has reset the connection while nobody reads it. A unix socket reports that later, as an error. */
  isGone(): boolean;
  /** The source of its first bytes, as long as nobody reads the leg. */
  first(): FirstSource;
  /**
   * Reads the ClientHello and puts it back. Only on a transport that begins with one.
   * @param timeout milliseconds
   * @param allowsPlain resolve with undefined if the first byte is not one of TLS
   */
  hello?(timeout: number, allowsPlain: boolean): Promise<SessionTls | undefined>;
  /**
   * Terminates TLS, once; from then on `leg` is the decrypted one. Reads the ClientHello before, if `hello` has not.
   * @param timeout milliseconds
   * @param wire who watches what passes below TLS
   */
  secure(options: ServerTlsOptions, timeout?: number, wire?: Required<WireTap>): Promise<AgreedTls>;
}
