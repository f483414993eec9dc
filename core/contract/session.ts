import type { SecureContextOptions, TlsOptions } from "node:tls";
import type { SocketAddress } from "./address.ts";
import type { AnyErrorCode, SluiceError } from "./errors.ts";
import type { EarlyUpstream, FirstBytesBounds, FirstBytesReader } from "./first-bytes.ts";
import type { SessionFacts, SessionTls } from "./session-facts.ts";
import type { UpstreamConfig } from "./upstream.ts";

export type * from "./session-facts.ts";

/** What `session.startTls` takes: Node's server options, less those that the core decides. */
export type ServerTlsOptions = SecureContextOptions &
  Pick<TlsOptions, "SNICallback" | "ALPNProtocols" | "requestCert" | "rejectUnauthorized" | "secureContext"> & {
    /** Milliseconds for the whole handshake, the ClientHello included. @default the plugin's `handshakeTimeout`, else `timeouts.handshake` */
    readonly handshakeTimeout?: number;
    /** Takes the end of the connection without a close_notify for an end, as old clients send it. @default false */
    readonly allowTruncation?: boolean;
    /** Called with each line of an NSS key log. */
    readonly onKeyLog?: (line: Buffer) => void;
  };

/** Why a session ended: `closed` when both sides had finished, else the code of the error that ended it. */
export type EndReason = "closed" | AnyErrorCode;

/** How a plugin wants a session to end. */
export interface CloseOptions {
  /** `fin`: both peers see an end. `reset`: both see a reset (RST). @default "reset" with an error once the upstream leg is open, else "fin" */
  readonly how?: "fin" | "reset";
  /**
   * What has come so far is delivered first: operators flush in their own time, as at a FIN. What comes later is read and dropped.
   * @default false: what is pending is lost
   */
  readonly flush?: boolean;
}

/** How a session is sent elsewhere. */
export interface RetargetOptions {
  /**
   * Asked of each address as it is dialled, behind every look-up, so that what it allows is what is connected to: the reason not to. A unix socket
   * has its path as address, and port 0.
   * @default every address is dialled that is neither the listener nor the admin server
   */
  readonly refuse?: (address: string, port: number) => SluiceError | undefined;
}

/** One client's passage, as plugins see it. */
export interface Session extends SessionFacts {
  /** Aborted when the session ends: for work that must not outlive it. Its `reason` is the error that ended it, if one did. */
  readonly signal: AbortSignal;

  /**
   * Says who the client is, for a plugin that is told by a proxy in front (the PROXY protocol). In `admit`: plugins after it, limits and
   * logs then go by that address. Over `limits.sessionsPerClient` of that client the session ends with SLUICE_LIMIT_SESSIONS_PER_CLIENT.
   *
   * @param client made with `socketAddress()`
   */
  setClient(client: SocketAddress): void;
  /**
   * Lets `reader` see the first bytes that the client sends, and take some of them off; the rest is for whoever reads next: another
   * `readFirst`, `startTls` (of which it sees what was encrypted, when called behind it), the byte hooks. Before the upstream leg is open;
   * one at a time. A client that sends nothing is waited for: bound the time, and decide at its end where the server may have to speak first.
   * On a `tls://` listener the ClientHello comes first, unless the plugin says `beforeTls`.
   *
   * Rejects with what the reader throws; SLUICE_CLIENT_PROTOCOL when it has not decided by `max` bytes or at the client's FIN,
   * SLUICE_CLIENT_TIMEOUT, or SLUICE_CLIENT_RESET when the client left: let that pass, and the session ends with it.
   */
  readFirst<T>(reader: FirstBytesReader<T>, bounds?: FirstBytesBounds): Promise<T>;
  /**
   * Opens the upstream leg now, in `admit`, for a protocol whose server speaks first. The connect hooks run, and the session goes on with this leg
   * once it is admitted; `retarget` has no effect from here. Once; the upstream must be one that the core dials over a stream.
   * Rejects with what the connect hooks end with: let that pass.
   */
  openUpstream(): Promise<EarlyUpstream>;
  /** Writes to the client before anything of the upstream's, for a protocol in which the proxy answers. Until the upstream leg is open; a few bytes. */
  reply(data: Buffer): void;
  /**
   * Sends the session elsewhere. In `admit` or before the first `attempt` of `connect`; later it has no effect. Without `options.refuse` whatever
   * the upstream's name leads to is dialled: give it where a client chose the name.
   * @throws SLUICE_CONFIG_INVALID when the address cannot be parsed
   */
  retarget(upstream: UpstreamConfig, options?: RetargetOptions): void;
  /**
   * Terminates the client's TLS. In `admit`, on a stream listener, once. From then on the byte hooks see what was encrypted.
   * Rejects with SLUICE_CLIENT_TLS, SLUICE_CLIENT_TIMEOUT or SLUICE_CLIENT_RESET when the handshake fails: let that pass, and the session
   * ends with it.
   */
  startTls(options: ServerTlsOptions): Promise<SessionTls>;
  /**
   * Ends the session. Without an error both legs are closed, and the reason is SLUICE_CLOSED; an error resets them once the upstream leg
   * is open, since a clean end would pass for the end of the data. `options` choose otherwise.
   */
  close(error?: SluiceError, options?: CloseOptions): void;
}
