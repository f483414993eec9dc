import type { Observable } from "rxjs";
import type { Endpoint } from "../addresses/endpoint.ts";
import type { AnyErrorCode } from "../errors/errors.ts";
import type { Duration } from "../options/units.ts";
import type { Balance, EndpointOptions, HashKey } from "./balance.ts";
import type { EjectionConfig, EjectionTarget } from "./ejection.ts";
import type { HealthConfig, HealthTarget } from "./health-check.ts";
import type { Leg } from "./leg.ts";
import type { RequestFacts } from "./request-facts.ts";
import type { SessionFacts } from "./session-facts.ts";

/**
 * An open upstream leg, as the `connect` hook sees it. The core opens one per subscription of `attempt`; a plugin that answers by
 * itself makes one with `answer()` of `sluice/flow`.
 */
export interface Upstream {
  /** Where it leads, for logs: `10.0.0.1:9000`, or the name of the plugin that answers. */
  readonly endpoint: string;
  readonly leg: Leg;
  /** Over TLS, the protocol that was agreed on through ALPN; empty: none. Undefined without TLS. */
  readonly protocol?: string | undefined;
}

/** A protocol that begins without TLS and then switches to it. */
export type StartTlsProtocol = "postgres" | "smtp" | "imap";

/** The HTTP version of an upstream. `auto`: the one that ALPN agrees on, and 1.1 without TLS. */
export type UpstreamHttp = "1.1" | "2" | "auto";

/** TLS towards the upstream. Verified by default, with the endpoint's name. */
export interface UpstreamTlsConfig {
  /**
   * PEM text or path of the certificates to trust: CAs, which need not be roots, or the upstream's own certificate.
   * @default Node's roots, and those that the system trusts (its bundle, or SSL_CERT_FILE and SSL_CERT_DIR; NODE_EXTRA_CA_CERTS)
   */
  readonly ca?: string | readonly string[];
  /** PEM text or path of the client certificate, with `key`. */
  readonly cert?: string;
  /** PEM text or path of the private key of `cert`. */
  readonly key?: string;
  /** Decrypts `key`, if it is encrypted. */
  readonly passphrase?: string;
  /** The name sent as SNI and checked against the certificate. @default the endpoint's host */
  readonly serverName?: string;
  /** Protocols offered through ALPN; `[]`: none. @default the one that the client has agreed on, if its TLS is terminated; else none */
  readonly alpn?: readonly string[];
  /** Accepts the end of the connection without a close_notify (RFC 8446 section 6.1) as a normal end: old servers end it like this. @default false */
  readonly allowTruncation?: boolean;
  /** `false`: every connection makes a full handshake. `true`: it resumes an earlier TLS session, if the upstream agrees. @default true */
  readonly resume?: boolean;
  /** Negotiates TLS with the commands of this protocol first, instead of beginning with it. @default none */
  readonly startTls?: StartTlsProtocol;
  /** `false` accepts any certificate; warned about at start. @default true */
  readonly verify?: boolean;
}

/** The version of the PROXY protocol: `v1` is text, `v2` is binary. */
export type ProxyProtocolVersion = "v1" | "v2";

/** Extensions (TLVs) of a PROXY header that say more of the client: the protocol that it agreed on, the server name that it asked for, and its TLS. */
export const proxyTlvs = ["alpn", "authority", "ssl"] as const;
export type ProxyTlvName = (typeof proxyTlvs)[number];

/** A queue for room, first come, first served. */
export interface QueueConfig {
  /** Most waiters at the same time; one more is refused. @default 100 */
  readonly max?: number;
  /** How long one may wait. @default "5s" */
  readonly timeout?: Duration;
}

/** A checked `queue`. */
export interface ResolvedQueue {
  readonly max: number;
  /** Milliseconds. */
  readonly timeout: number;
}

/** The options of an upstream: its endpoints, and how one of them is chosen. */
export interface UpstreamOptions {
  /** `host:port`, `[v6]:port`, `unix:/path`, or one of them with its options. At least one must not be a backup. */
  readonly endpoints: readonly (string | EndpointOptions)[];
  /** How one of them is chosen; all policies except `hash` use the current weights. @default "round-robin" */
  readonly balance?: Balance;
  /** The value that `balance: "hash"` hashes. @default "client" */
  readonly hash?: HashKey;
  /** `true` or options: speak TLS to the upstream. @default false */
  readonly tls?: boolean | UpstreamTlsConfig;
  /**
   * When one of several endpoints is put out of use because sessions fail there, and for how long. `false`: never; only health checks take endpoints
   * out of use.
   * @default { failures: 5, time: "30s", maxTime: "5m" }
   */
  readonly ejection?: false | EjectionConfig;
  /** Active health checks of the endpoints. @default none: only failures of sessions count */
  readonly health?: HealthConfig;
  /** What happens to the sessions at an endpoint that goes down. `close`: they end with SLUICE_UPSTREAM_DOWN. @default "keep" */
  readonly onDown?: "keep" | "close";
  /**
   * The HTTP version that `http()` speaks to it. `"1.1"`: always HTTP/1.1. `"2"`: always HTTP/2, with or without TLS; the upstream must support it.
   * `"auto"`: over TLS the upstream chooses between the two by ALPN, when a connection is opened; without TLS it is HTTP/1.1. No effect without
   * `http()`.
   * @default "1.1"
   */
  readonly http?: UpstreamHttp;
  /** Time after an endpoint came back in which its weight grows to its full value. No effect on `hash`. @default "0s" */
  readonly slowStart?: Duration;
  /** Where sessions and HTTP requests wait while every endpoint has its `maxSessions`. @default none: they end with SLUICE_UPSTREAM_BUSY at once */
  readonly queue?: QueueConfig;
  /** Sends the client's address to the endpoints before anything else, even TLS; over UDP (`v2`) in front of each datagram. @default nothing */
  readonly proxyProtocol?: ProxyProtocolVersion;
  /**
   * What the header of `proxyProtocol: "v2"` also says of a client with TLS. `alpn`: the protocol that was agreed on. `authority`: the server name
   * that it asked for. `ssl`: version, cipher, and its certificate's common name. @default none
   */
  readonly proxyProtocolTlvs?: readonly ProxyTlvName[];
  /** The local IP address that connections and datagrams come from. @default the system's choice */
  readonly bind?: string;
  /** TCP: silence after which the kernel asks whether the endpoint is still there, at least 1 s. @default the listener's `socket.keepAlive` */
  readonly keepAlive?: Duration;
}

/** `"localhost:3000"`, several of them, or the full form. */
export type UpstreamConfig = string | readonly (string | EndpointOptions)[] | UpstreamOptions;

/** An upstream after validation, with every default filled in and files not yet read. */
export interface UpstreamTarget {
  readonly endpoints: readonly Endpoint[];
  readonly balance: Balance;
  readonly tls: UpstreamTlsConfig | undefined;
  /** For `balance: "hash"`. @default "client" */
  readonly hash?: HashKey | undefined;
  /** @default the defaults of {@link EjectionConfig} */
  readonly ejection?: false | EjectionTarget | undefined;
  readonly health?: HealthTarget | undefined;
  /** @default "1.1" */
  readonly http?: UpstreamHttp | undefined;
  /** @default "keep" */
  readonly onDown?: "keep" | "close" | undefined;
  /** Milliseconds. @default 0 */
  readonly slowStart?: number | undefined;
  readonly queue?: ResolvedQueue | undefined;
  readonly proxyProtocol?: ProxyProtocolVersion | undefined;
  readonly proxyProtocolTlvs?: readonly ProxyTlvName[] | undefined;
  readonly bind?: string | undefined;
  /** Milliseconds. */
  readonly keepAlive?: number | undefined;
}

/** One endpoint, chosen for one piece of work. */
export interface ChosenEndpoint {
  /** As written in the config; equal for the same endpoint of the same upstream. */
  readonly name: string;
  /** Connections may be reused only for work with the same value: each tells the upstream who its client is. @default any work may reuse them */
  readonly sharedBy?: string | undefined;
  /**
   * Opens a leg to it. Cold: each subscription is one try, with the look-up of the name, TLS, `timeouts.connect` and the refusal of loops. It is
   * the same object as long as the way to the endpoint is the same: when it is another, no kept connection should be used again.
   */
  readonly attempt: Observable<Upstream>;
  /** The `http` of its upstream; over TLS, ALPN has offered that. @default "1.1" */
  readonly http?: UpstreamHttp | undefined;
  /** Whether its legs use TLS. @default false */
  readonly tls?: boolean;
  /** The endpoint has begun to answer: its failures in a row are over. */
  answered(): void;
  /**
   * Reports that the work is over. Call it once.
   * @param failed the endpoint could not do it (also when `attempt` failed): it has one more failure, and is tried last for a while
   * @param code of the failure. @default SLUICE_UPSTREAM_RESET
   */
  done(failed: boolean, code?: AnyErrorCode): void;
}

/** The endpoints of one upstream, for a plugin that keeps connections of its own to them. */
export interface Endpoints {
  /**
   * Chooses an endpoint by the upstream's balancing: one that is not in `tried`, as long as there is one.
   * @param session the session that the work is for: `hash` and custom policies use it; without it they take endpoints in turn
   * @param request the request that the work is for, which they get too; its client is the client that they see
   * @throws SLUICE_BALANCE_FAILED when a function of the config fails
   * @throws SLUICE_UPSTREAM_BUSY when each endpoint has its `maxSessions`: see {@link wait}
   */
  choose(tried?: ReadonlySet<string>, session?: SessionFacts, request?: RequestFacts): ChosenEndpoint;
  /** Like `choose`, but waits for room in the upstream's `queue`; without a queue it fails at once. Cold; unsubscribing leaves the queue. */
  wait(tried?: ReadonlySet<string>, session?: SessionFacts, request?: RequestFacts): Observable<ChosenEndpoint>;
}

/** Access to upstreams in the same way as the sessions of a listener: with its resolve hooks and timeouts, and never to the listener itself. */
export interface Upstreams {
  /**
   * The endpoints of an upstream; opens no connection. Their legs are of the listener's kind: of datagrams on a UDP listener, else of bytes. Call
   * it in `setup()`, so that a config whose certificates cannot be read is refused.
   * @param target the output of the schema `upstream()`, or a value of `upstream` in a config; left out: the listener's own
   * @throws SLUICE_CONFIG_INVALID, SLUICE_CERTIFICATE_INVALID, SLUICE_UPSTREAM_MISSING when the listener has none of its own
   */
  endpoints(target?: UpstreamTarget | UpstreamConfig): Endpoints;
}
