import type { Observable } from "rxjs";
import type { Balance, EndpointOptions, HashKey } from "./balance.ts";
import type { AnyErrorCode } from "./errors.ts";
import type { HealthConfig, HealthTarget } from "./health-check.ts";
import type { Leg } from "./leg.ts";
import type { Duration } from "./options/units.ts";
import type { SessionFacts } from "./session-facts.ts";

/**
 * An open upstream leg, as the `connect` hook sees it. The core opens one per subscription of `attempt`; a plugin that answers by
 * itself makes one with `answer()` of `sluice/flow`.
 */
export interface Upstream {
  /** Where it leads, for logs: `10.0.0.1:9000`, or the name of the plugin that answers. */
  readonly endpoint: string;
  readonly leg: Leg;
  /** Over TLS, what was agreed on through ALPN; empty: nothing was. Undefined without TLS. */
  readonly protocol?: string | undefined;
}

/** A protocol that begins in plain and goes on in TLS. */
export type StartTlsProtocol = "postgres" | "smtp" | "imap";

/** HTTP of an upstream. `auto`: what ALPN agrees on, and 1.1 without TLS. */
export type UpstreamHttp = "1.1" | "2" | "auto";

/** TLS towards the upstream. Verified by default, with the endpoint's name. */
export interface UpstreamTlsConfig {
  /**
   * PEM text or path of what to trust: CAs, which need not be roots, or the upstream's own certificate.
   * @default Node's roots, and what the system trusts (its bundle, or SSL_CERT_FILE and SSL_CERT_DIR; NODE_EXTRA_CA_CERTS)
   */
  readonly ca?: string | readonly string[];
  /** PEM text or path of the client certificate, with `key`. */
  readonly cert?: string;
  readonly key?: string;
  /** Decrypts `key`, where that is encrypted. */
  readonly passphrase?: string;
  /** The name sent as SNI and checked against the certificate. @default the endpoint's host */
  readonly serverName?: string;
  /** Protocols offered through ALPN. @default the one that the client has agreed on, if its TLS is terminated; else none */
  readonly alpn?: readonly string[];
  /** Takes the end of the connection without a close_notify for an end (RFC 8446 section 6.1), as old servers send it. @default false */
  readonly allowTruncation?: boolean;
  /** Agrees on TLS in the words of this protocol first, instead of beginning with it. @default none */
  readonly startTls?: StartTlsProtocol;
  /** `false` accepts any certificate; warned about at start. @default true */
  readonly verify?: boolean;
}

/** Of the PROXY protocol: text, or binary. */
export type ProxyProtocolVersion = "v1" | "v2";

/** Who may wait for room, first come first served. */
export interface QueueConfig {
  /** Who waits at the same time; one more is refused. @default 100 */
  readonly max?: number;
  /** How long. @default "5s" */
  readonly timeout?: Duration;
}

export interface UpstreamOptions {
  /** `host:port`, `[v6]:port`, `unix:/path`, or one of them with its options. At least one that is no backup. */
  readonly endpoints: readonly (string | EndpointOptions)[];
  /** How one of them is chosen; all but `hash` go by the weights of this moment. @default "round-robin" */
  readonly balance?: Balance;
  /** What `balance: "hash"` goes by. @default "client" */
  readonly hash?: HashKey;
  /** `true` or options: speak TLS to the upstream. @default false */
  readonly tls?: boolean | UpstreamTlsConfig;
  /** Asks the endpoints how they are. @default only what sessions meet with counts */
  readonly health?: HealthConfig;
  /** What happens to the sessions at an endpoint that goes down. `close`: they end with SLUICE_UPSTREAM_DOWN. @default "keep" */
  readonly onDown?: "keep" | "close";
  /**
   * What `http()` speaks to it. `"2"`: HTTP/2, also without TLS (prior knowledge). `"auto"`: HTTP/2 where ALPN agrees on it, so without TLS HTTP/1.1.
   * @default "1.1"
   */
  readonly http?: UpstreamHttp;
  /** For so long after an endpoint came back its weight grows to what it is. Without effect on `hash`. @default "0s" */
  readonly slowStart?: Duration;
  /** Where sessions and HTTP requests wait when each endpoint has its `maxSessions`. @default none: they end with SLUICE_UPSTREAM_BUSY at once */
  readonly queue?: QueueConfig;
  /** Tells the endpoints who the client is, before anything else, TLS too; over UDP (`v2`) in front of each datagram. @default nothing */
  readonly proxyProtocol?: ProxyProtocolVersion;
  /** The local IP address that connections and datagrams come from. @default the system's choice */
  readonly bind?: string;
  /** TCP: silence after which the kernel asks whether the endpoint is still there, at least 1 s. @default the listener's `socket.keepAlive` */
  readonly keepAlive?: Duration;
}

/** `"localhost:3000"`, several of them, or the full form. */
export type UpstreamConfig = string | readonly (string | EndpointOptions)[] | UpstreamOptions;

/** One endpoint, parsed. `path` is set for a unix socket, and then host is empty and port 0. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly path?: string;
  /** As written, for logs. */
  readonly text: string;
  /** Its share of new sessions. @default 1 */
  readonly weight?: number;
  /** Used only while all others are down. @default false */
  readonly backup?: boolean;
  /** Sessions at the same time. @default no limit */
  readonly maxSessions?: number;
}

/** An upstream after validation, with every default filled in and files not yet read. */
export interface UpstreamTarget {
  readonly endpoints: readonly Endpoint[];
  readonly balance: Balance;
  readonly tls: UpstreamTlsConfig | undefined;
  /** Of `balance: "hash"`. @default "client" */
  readonly hash?: HashKey | undefined;
  readonly health?: HealthTarget | undefined;
  /** @default "1.1" */
  readonly http?: UpstreamHttp | undefined;
  /** @default "keep" */
  readonly onDown?: "keep" | "close" | undefined;
  /** Milliseconds. @default 0 */
  readonly slowStart?: number | undefined;
  /** The timeout in milliseconds. */
  readonly queue?: { readonly max: number; readonly timeout: number } | undefined;
  readonly proxyProtocol?: ProxyProtocolVersion | undefined;
  readonly bind?: string | undefined;
  /** Milliseconds. */
  readonly keepAlive?: number | undefined;
}

/** One endpoint, chosen for one piece of work. */
export interface ChosenEndpoint {
  /** As written in the config; equal for the same endpoint of the same upstream. */
  readonly name: string;
  /** Connections may be used again only for work with the same value here: the upstream is told by each connection whose it is. @default for any */
  readonly sharedBy?: string | undefined;
  /**
   * Opens a leg to it. Cold: each subscription is one try, with the name looked up, TLS, `timeouts.connect` and the refusal of loops. The
   * same object as long as the way is the same: after another, no connection that was kept should be used again.
   */
  readonly attempt: Observable<Upstream>;
  /** What its upstream says of HTTP; over TLS, ALPN has offered that. @default "1.1" */
  readonly http?: UpstreamHttp | undefined;
  /** Its legs are over TLS. @default false */
  readonly tls?: boolean;
  /** The endpoint has begun to answer: its failures in a row are over. */
  answered(): void;
  /**
   * The work is over. Once.
   * @param failed the endpoint could not do it (also where `attempt` failed): one failure more, and it is tried last for a while
   * @param code of the failure. @default SLUICE_UPSTREAM_RESET
   */
  done(failed: boolean, code?: AnyErrorCode): void;
}

/** The endpoints of one upstream, for a plugin that keeps connections of its own to them. */
export interface Endpoints {
  /**
   * Chooses by the upstream's balancing: one that is not in `tried` while there is any.
   * @param session whose work it is: `hash` and policies of one's own go by it; left out, they take endpoints in turn
   * @throws SLUICE_BALANCE_FAILED when a function of the config fails
   * @throws SLUICE_UPSTREAM_BUSY when each endpoint has its `maxSessions`: see {@link wait}
   */
  choose(tried?: ReadonlySet<string>, session?: SessionFacts): ChosenEndpoint;
  /** The same once there is room, as the upstream's `queue` has it; without one it fails at once. Cold; unsubscribing leaves the queue. */
  wait(tried?: ReadonlySet<string>, session?: SessionFacts): Observable<ChosenEndpoint>;
}

/** The way to upstreams, as the sessions of a listener go it: its resolve hooks, its timeouts, and never to the listener itself. */
export interface Upstreams {
  /**
   * Opens nothing, and its endpoints open legs of the listener's kind: of datagrams on a UDP listener, else of bytes. Call it in `setup()`, so that a config whose certificates cannot be read is refused.
   * @param target the output of the schema `upstream()`, or what `upstream` in a config takes; left out: the listener's own
   * @throws SLUICE_CONFIG_INVALID, SLUICE_CERTIFICATE_INVALID, SLUICE_UPSTREAM_MISSING when the listener has none of its own
   */
  endpoints(target?: UpstreamTarget | UpstreamConfig): Endpoints;
}
