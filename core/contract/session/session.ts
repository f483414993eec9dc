import type { SecureContextOptions, TlsOptions } from "node:tls";
import type { SocketAddress } from "../addresses/address.ts";
import type { AnyErrorCode, SluiceError } from "../errors/errors.ts";
import type { SessionFacts, SessionTls } from "../upstream/session-facts.ts";
import type { UpstreamConfig } from "../upstream/upstream.ts";
import type { EarlyUpstream, FirstBytesBounds, FirstBytesReader } from "./first-bytes.ts";

export type * from "../upstream/session-facts.ts";

/** What `session.startTls` takes: Node's server options, less those that the core decides. */
export type ServerTlsOptions = SecureContextOptions &
  Pick<TlsOptions, "SNICallback" | "ALPNProtocols" | "requestCert" | "rejectUnauthorized" | "secureContext"> & {
    /** Milliseconds for the whole handshake, the ClientHello included. @default the plugin's `handshakeTimeout`, else `timeouts.handshake` */
    readonly handshakeTimeout?: number;
    /** Accepts the end of the connection without a close_notify as a normal end: old clients end it like this. @default false */
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
   * Data received so far is delivered first: operators may take their time to flush, as at a FIN. Later data is read and dropped.
   * @default false: pending data is lost
   */
  readonly flush?: boolean;
}

/** How a session is sent to another upstream. */
export interface RetargetOptions {
  /**
   * Called for each address when it is dialled, after every look-up, so that only an address that it allows is connected to: returns the reason
   * not to, or undefined. For a unix socket the address is its path, and the port is 0.
   * @default refuses only the addresses of the listener and of the admin server
   */
  readonly refuse?: (address: string, port: number) => SluiceError | undefined;
}

/** One client's connection, or its flow of datagrams, as plugins see it. */
export interface Session extends SessionFacts {
  /** Aborted when the session ends: for work that must not outlive it. Its `reason` is the error that ended it, if one did. */
  readonly signal: AbortSignal;
  /** Whether its listener also serves a client that does not begin TLS: a plugin of the listener has `allowsPlain`. @default false */
  readonly allowsPlain?: boolean;

  /**
   * Sets the client, for a plugin that learns it from a proxy in front (the PROXY protocol). Call it in `admit`: plugins after it, limits and
   * logs then use that address. If that client has `limits.sessionsPerClient` already, the session ends with SLUICE_LIMIT_SESSIONS_PER_CLIENT.
   *
   * @param client made with `socketAddress()`
   */
  setClient(client: SocketAddress): void;
  /**
   * Lets `reader` see the first bytes that the client sends, and consume some of them. The next reader gets the rest: another `readFirst`,
   * `startTls`, or the byte hooks. After `startTls`, `reader` sees decrypted bytes. Only before the upstream leg is open, and one at a time. It
   * waits for a client that sends nothing: bound the time, and decide when it is over if the server may have to speak first. On a `tls://`
   * listener the ClientHello comes first, unless the plugin has `beforeTls`.
   *
   * Rejects with the reader's exception; with SLUICE_CLIENT_PROTOCOL when the reader has not decided by `max` bytes or at the client's FIN; with
   * SLUICE_CLIENT_TIMEOUT; or with SLUICE_CLIENT_RESET when the client left. Do not catch the rejection: then the `admit` hook fails with it, and the
   * session ends with that error.
   */
  readFirst<T>(reader: FirstBytesReader<T>, bounds?: FirstBytesBounds): Promise<T>;
  /**
   * Opens the upstream leg now, in `admit`, for a protocol whose server speaks first. The connect hooks run, and the session continues with this
   * leg once it is admitted; `retarget` throws afterwards. Call it once; the upstream must be one that the core dials over a stream.
   * Rejects with the error of the connect hooks. Do not catch the rejection: then the `admit` hook fails with it, and the session ends with that
   * error. If it is caught, the session ends with SLUICE_UPSTREAM_RESET as soon as it is admitted.
   */
  openUpstream(): Promise<EarlyUpstream>;
  /** Writes a few bytes to the client before any data of the upstream, for a protocol in which the proxy answers. Until the upstream leg is open. */
  reply(data: Buffer): void;
  /**
   * Sends the session to another upstream. Call it in `admit` or before the first `attempt` of `connect`; later it has no effect. Without
   * `options.refuse` any address that the upstream's name resolves to is dialled: give `refuse` if a client chose the name.
   * @throws SLUICE_CONFIG_INVALID when the address cannot be parsed, SLUICE_PLUGIN_FAILED after `openUpstream`
   */
  retarget(upstream: UpstreamConfig, options?: RetargetOptions): void;
  /**
   * Terminates the client's TLS. Call it in `admit`, on a stream listener, once. From then on the byte hooks see decrypted bytes.
   * Rejects with SLUICE_CLIENT_TLS, SLUICE_CLIENT_TIMEOUT or SLUICE_CLIENT_RESET when the handshake fails. Do not catch the rejection: then the
   * `admit` hook fails with it, and the session ends with that error.
   */
  startTls(options: ServerTlsOptions): Promise<SessionTls>;
  /**
   * Ends the session. Without an error both legs are closed, and the reason is SLUICE_CLOSED; an error resets them once the upstream leg
   * is open, since the peers would take a clean end for the end of the data. `options` override this.
   */
  close(error?: SluiceError, options?: CloseOptions): void;
}
