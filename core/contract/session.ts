import type { SecureContextOptions, TLSSocket, TlsOptions } from "node:tls";
import type { SocketAddress } from "./address.ts";
import type { ErrorCode, SluiceError } from "./errors.ts";
import type { FirstBytesBounds, FirstBytesReader } from "./first-bytes.ts";
import type { UpstreamConfig } from "./upstream.ts";

export type Transport = "tcp" | "udp" | "tls" | "unix";

/** What passed in one direction, counted where it arrives, before any plugin. */
export interface Traffic {
  readonly bytes: number;
  /** Chunks, or datagrams on a UDP listener. */
  readonly chunks: number;
}

/** What is known of a client's TLS: from its ClientHello on every `tls://` listener, the rest once a plugin terminated it. */
export interface SessionTls {
  /** SNI, in lower case and without a final dot; undefined when the client sent none. */
  readonly serverName: string | undefined;
  /** The protocols offered through ALPN. */
  readonly alpn: readonly string[];
  /** After termination: the protocol version, e.g. `TLSv1.3`. */
  readonly version?: string;
  /** After termination: the ALPN protocol agreed on, if any. */
  readonly protocol?: string;
  readonly cipher?: string;
  /** After termination: whether the client went on with an earlier TLS session, and so without a full handshake. */
  readonly resumed?: boolean;
  /** After termination with `requestCert`: the client's certificate, if it passed verification. */
  readonly clientCertificate?: ReturnType<TLSSocket["getPeerCertificate"]>;
  /** The same without `rejectUnauthorized`: why the certificate that the client showed did not pass, in OpenSSL's words. */
  readonly clientCertificateError?: string;
}

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
export type EndReason = "closed" | ErrorCode;

/** One client's passage, as plugins see it. */
export interface Session {
  /** Counts up within the process. */
  readonly id: number;
  /** The listener's name in the config. */
  readonly listener: string;
  readonly transport: Transport;
  /** Who the client is: who is connected, unless a plugin in front knows better (`setClient`). What is limited, logged and forwarded is this. */
  readonly client: SocketAddress;
  /** Who is connected: the client itself, or a proxy in front of it. */
  readonly peer: SocketAddress;
  /** The listener's own end: of a wildcard listener, the address that the client came to. */
  readonly local: SocketAddress;
  /** The number of the generation whose byte hooks it runs now. */
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** The endpoint of the open upstream leg; undefined before it is open. */
  readonly upstream: string | undefined;
  readonly tls: SessionTls | undefined;
  readonly fromClient: Traffic;
  readonly fromUpstream: Traffic;
  /** A place for plugins to leave notes for each other; nothing in the core reads it. */
  readonly notes: Map<string, unknown>;
  /** Aborted when the session ends: for work that must not outlive it. */
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
  /** Writes to the client before anything of the upstream's, for a protocol in which the proxy answers. Until the upstream leg is open; a few bytes. */
  reply(data: Buffer): void;
  /**
   * Sends the session elsewhere. In `admit` or before the first `attempt` of `connect`; later it has no effect.
   * @throws SLUICE_CONFIG_INVALID when the address cannot be parsed
   */
  retarget(upstream: UpstreamConfig): void;
  /**
   * Terminates the client's TLS. In `admit`, on a stream listener, once. From then on the byte hooks see what was encrypted.
   * Rejects with SLUICE_CLIENT_TLS, SLUICE_CLIENT_TIMEOUT or SLUICE_CLIENT_RESET when the handshake fails: let that pass, and the session
   * ends with it.
   */
  startTls(options: ServerTlsOptions): Promise<SessionTls>;
  /**
   * Ends the session. Without an error both legs are closed, and the reason is SLUICE_CLOSED; an error resets them once the upstream leg
   * is open, since a clean end would pass for the end of the data.
   */
  close(error?: SluiceError): void;
}
