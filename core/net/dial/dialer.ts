import { defer, Observable, of, tap } from "rxjs";
import {
  type Address,
  type ChosenEndpoint,
  type Endpoint,
  type Endpoints,
  type SessionFacts,
  SluiceError,
  type Upstream,
  type UpstreamTarget,
  withClient,
} from "../../contract/index.ts";
import type { AttemptContext } from "./attempt-context.ts";
import { Chosen } from "./chosen.ts";
import { createBalancer, type Balancer, type BalancerOptions } from "../balance/balancer.ts";
import { Deadlines } from "./deadlines.ts";
import { KeptWays } from "./kept-ways.ts";
import type { NamedAddressesContext } from "../names/named-addresses.ts";
import type { SessionAttempts } from "../balance/session-attempts.ts";
import type { StreamLeg } from "../legs/stream-leg.ts";
import type { UdpBuffers } from "../node/udp-socket.ts";
import { Attempts, dial, SessionWay } from "./session-way.ts";
import { unjudged, withoutCounts } from "./uncounted-balancer.ts";
import { createUpstreamTls, type UpstreamTls, type UpstreamTlsPlace } from "./upstream-tls.ts";

/** A look-up of a name, through the hooks that the caller has put around the resolver. */
type Resolve = (name: string) => Observable<Address[]>;

/** What dialling gets from its caller. */
export interface DialContext extends BalancerOptions, UpstreamTlsPlace, NamedAddressesContext {
  /** Milliseconds for one attempt: look-up, connection and TLS handshake together. */
  readonly connectTimeout: number;
  /** Milliseconds of silence after which the kernel asks whether a TCP upstream is still there. @default never */
  readonly keepAlive?: number | undefined;
  /** Buffer sizes of the sockets that a datagram leg opens. @default 4 MiB to receive, the system's default to send */
  readonly buffers?: UdpBuffers;
  /**
   * Returns the reason why a place must not be connected to, e.g. that it is the listener itself. For a unix socket the address is its path and the
   * port 0.
   */
  readonly refuse?: ((address: string, port: number) => SluiceError | undefined) | undefined;
}

/** Whether a health check begins TLS. `always`: if the upstream has no `tls` option, with any certificate. */
export type ProbeTls = "never" | "always" | "like sessions";

/** Opens upstream legs to the endpoints of one upstream. */
export interface Dialer {
  readonly target: UpstreamTarget;
  /** The balancer, with which the next generation continues. */
  readonly balancer: Balancer;
  /**
   * One session's attempts; call it once per session. Cold: each subscription is one try at the next endpoint, which emits an open leg and completes,
   * or fails with a SluiceError. Unsubscribing before the emission aborts the try; after it the leg belongs to the subscriber.
   *
   * @param resolve replaces the dialer's own look-up, e.g. with one through the hooks of the session's pipeline
   * @param session the session that makes the attempts: its facts are used for balancing, and the protocol that its client agreed on through ALPN
   * @param refuse in addition to the context's `refuse`
   */
  attempts(resolve?: Resolve, session?: SessionFacts, refuse?: DialContext["refuse"]): SessionAttempts;
  /** How its sessions reach the upstream; undefined where sessions never wait for room. */
  readonly way: SessionWay | undefined;
  /**
   * Opens a leg to an endpoint of the upstream for its health check. The leg counts nowhere, and does not keep the process alive. Cold.
   *
   * @param timeout milliseconds for the whole attempt
   */
  probe(endpoint: Endpoint, timeout: number, tls: ProbeTls): Observable<Upstream>;
}

/** A dialer that can also open legs to one given endpoint. */
export interface EndpointDialer extends Dialer, Endpoints {
  /** Chooses an endpoint, though others may wait for room. */
  pick: Endpoints["choose"];
  /** @param newest the dialer that chooses when there is room @default this one */
  wait(...args: [...Parameters<Endpoints["wait"]>, newest?: () => EndpointDialer]): Observable<ChosenEndpoint>;
}

/**
 * Makes the dialer of an upstream.
 *
 * @throws SLUICE_CERTIFICATE_INVALID when a file of its `tls` option cannot be used
 */
export function createDialer(target: UpstreamTarget, context: DialContext): EndpointDialer {
  const balancer = createBalancer(target, context);
  const tls = target.tls === undefined ? undefined : createUpstreamTls(target.tls, context);
  const { connectTimeout, refuse, wrong } = context;
  const { keepAlive = context.keepAlive, bind, proxyProtocol, proxyProtocolTlvs, http } = target;
  const deadlines = new Deadlines(connectTimeout);
  const options = { keepAlive, bind, proxyProtocol, proxyProtocolTlvs, tls };
  // All properties are here from the start, and a session's copy only changes them: Node 20 takes microseconds to add a property to a copy.
  const unset = { protocols: undefined, session: undefined };
  const shared: AttemptContext = { resolve: context.resolve, wrong, connectTimeout, refuse, deadlines, balancer, ...options, ...unset };
  const uncounted: AttemptContext = { ...shared, balancer: withoutCounts(balancer), protocols: offeredBy(target) };
  const probing: ProbeOptions = { anyTls: undefined, context, shared };
  const ways = new KeptWays(uncounted, (endpoint, session, subscriber) =>
    dial(endpoint, session === undefined ? uncounted : { ...uncounted, session }, subscriber),
  );
  const spoken = { http, tls: tls !== undefined };
  const way = new SessionWay(target, shared);
  const pick: Endpoints["choose"] = (tried, session, request) => {
    const endpoint = balancer.next(endpointsNamed(target, tried), session && withClient(session, request?.client), request);
    const owner = proxyProtocol === undefined ? undefined : session;
    const attempt = ways.to(endpoint, owner);
    return new Chosen(endpoint, balancer, attempt, owner === undefined ? spoken : { ...spoken, sharedBy: String(owner.id) });
  };
  const dialer: EndpointDialer = {
    target,
    balancer,
    way,
    pick,
    choose: (...who) => chooseOf(balancer, () => pick(...who)),
    wait: (tried, session, request, newest = () => dialer) => waitOf(balancer, tried, () => newest().pick(tried, session, request)),
    probe: (endpoint, timeout, withTls) => probeOf(endpoint, timeout, withTls, probing),
    attempts: (resolve, session, own) => new Attempts(way, { resolve, session, refuse: own }),
  };
  return dialer;
}

const none: ReadonlySet<Endpoint> = new Set();

/** The ALPN protocols for an HTTP client of the proxy itself (RFC 7301, RFC 9113 section 3.2). */
function offeredBy({ http }: UpstreamTarget): readonly string[] {
  if (http === "2") return ["h2"];
  return http === "auto" ? ["h2", "http/1.1"] : [];
}

/** Chooses an endpoint, unless there may be room for sessions in the queue: a new one must not overtake them. */
function chooseOf(balancer: Balancer, choose: () => ChosenEndpoint): ChosenEndpoint {
  if (balancer.queue?.isMoving === true) throw new SluiceError("SLUICE_UPSTREAM_BUSY", "others wait for room at the upstream");
  return choose();
}

function waitOf(balancer: Balancer, tried: ReadonlySet<string> | undefined, choose: () => ChosenEndpoint): Observable<ChosenEndpoint> {
  if (balancer.queue === undefined) return defer(() => of(choose()));
  return balancer.queue.take(choose, () => tried !== undefined && tried.size > 0);
}

interface ProbeOptions {
  /** TLS that accepts any certificate; made when it is first needed. */
  anyTls: UpstreamTls | undefined;
  readonly context: DialContext;
  readonly shared: AttemptContext;
}

function probeOf(endpoint: Endpoint, timeout: number, withTls: ProbeTls, options: ProbeOptions): Observable<Upstream> {
  const { context, shared } = options;
  return new Observable<Upstream>((subscriber) => {
    // Without a `tls` option the proxy only passes TLS through, and it is the client that checks the certificate.
    const tls = withTls === "always" ? (shared.tls ?? (options.anyTls ??= createUpstreamTls({ verify: false }, context))) : shared.tls;
    const own = { connectTimeout: timeout, deadlines: new Deadlines(timeout), balancer: unjudged(shared.balancer) };
    return dial(endpoint, { ...shared, ...own, tls: withTls === "never" ? undefined : tls }, subscriber);
  }).pipe(
    tap(({ leg }) => {
      // `dial` opens only stream legs.
      (leg as StreamLeg).socket.unref();
    }),
  );
}

export function endpointsNamed(target: UpstreamTarget, names: ReadonlySet<string> | undefined): ReadonlySet<Endpoint> {
  if (names === undefined || names.size === 0) return none;
  return new Set(target.endpoints.filter(({ text }) => names.has(text)));
}
