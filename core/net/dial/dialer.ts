import { defer, Observable, of, switchMap, tap, type Subscriber, type Unsubscribable } from "rxjs";
import {
  type Address,
  type ChosenEndpoint,
  type Endpoint,
  type Endpoints,
  type HealthTarget,
  type SessionFacts,
  SluiceError,
  type Upstream,
  type UpstreamTarget,
} from "../../contract/index.ts";
import type { AttemptContext } from "./attempt-context.ts";
import { Chosen } from "./chosen.ts";
import { DialAttempt } from "./dial-attempt.ts";
import { createBalancer, type Balancer, type BalancerOptions } from "../balance/balancer.ts";
import { Deadlines } from "./deadlines.ts";
import { ClientAttempts } from "../balance/client-attempts.ts";
import { EndpointAttempts } from "../balance/endpoint-attempts.ts";
import type { NamedAddressesContext } from "../names/named-addresses.ts";
import { SessionAttempts } from "../balance/session-attempts.ts";
import type { StreamLeg } from "../legs/stream-leg.ts";
import type { UdpBuffers } from "../node/udp-socket.ts";
import { createUpstreamTls, type UpstreamTls, type UpstreamTlsPlace } from "./upstream-tls.ts";

/** A look-up of a name, through whatever hooks the caller put around the resolver. */
type Resolve = (name: string) => Observable<Address[]>;

/** What dialling needs from outside. */
export interface DialContext extends BalancerOptions, UpstreamTlsPlace, NamedAddressesContext {
  /** Milliseconds for one attempt: look-up, connection and TLS handshake together. */
  readonly connectTimeout: number;
  /** Milliseconds of silence after which the kernel asks whether a TCP upstream is still there. @default never */
  readonly keepAlive?: number | undefined;
  /** Of the sockets that a datagram leg opens. @default 4 MiB to receive, the system's own to send */
  readonly buffers?: UdpBuffers;
  /** The reason not to connect to a place, e.g. that it is the listener itself. A unix socket has its path as address, and port 0. */
  readonly refuse?: ((address: string, port: number) => SluiceError | undefined) | undefined;
}

/** Opens upstream legs to the endpoints of one upstream. */
export interface Dialer {
  readonly target: UpstreamTarget;
  /** To go on with in the next generation. */
  readonly balancer: Balancer;
  /**
   * One session's attempts; call it once per session. Cold: each subscription is one try at the next endpoint, which emits an open
   * leg and completes, or fails with a SluiceError. Unsubscribing before the emission aborts the try; after it the leg is the
   * subscriber's.
   *
   * @param resolve instead of the dialer's own, e.g. with the hooks of the session's pipeline
   * @param session whose attempts they are: what balancing goes by, and the protocol that its client has agreed on through ALPN
   * @param refuse beside what the context refuses
   */
  attempts(resolve?: Resolve, session?: SessionFacts, refuse?: DialContext["refuse"]): SessionAttempts;
  /** Opens a leg to an endpoint of the upstream for its health check: with TLS where the check asks for it. It counts for nothing, and holds no process. Cold. */
  probe(endpoint: Endpoint, health: HealthTarget): Observable<Upstream>;
}

/** Opens legs also to one endpoint at a time. */
export interface EndpointDialer extends Dialer, Endpoints {}

/**
 * Makes the dialer of an upstream.
 *
 * @throws SLUICE_CERTIFICATE_INVALID when a file of its `tls` option cannot be used
 */
export function createDialer(target: UpstreamTarget, context: DialContext): EndpointDialer {
  const balancer = createBalancer(target, context);
  const tls = target.tls === undefined ? undefined : createUpstreamTls(target.tls, context);
  const { connectTimeout, refuse, wrong } = context;
  const { keepAlive = context.keepAlive, bind, proxyProtocol, http } = target;
  const deadlines = new Deadlines(connectTimeout);
  const way = { keepAlive, bind, proxyProtocol, tls };
  // What is made of it for one session changes what is there: Node 20 takes microseconds for what is added to a copy.
  const unset = { protocols: undefined, session: undefined };
  const shared: AttemptContext = { resolve: context.resolve, wrong, connectTimeout, refuse, deadlines, balancer, ...way, ...unset };
  const uncounted: AttemptContext = { ...shared, balancer: withoutCounts(balancer), protocols: offeredBy(target) };
  const probing: ProbeOptions = { anyTls: undefined, context, shared };
  const ways = new EndpointAttempts(context.resolve, (endpoint, subscriber) => dial(endpoint, uncounted, subscriber));
  const clients = new ClientAttempts((endpoint, session, subscriber) => dial(endpoint, { ...uncounted, session }, subscriber));
  const spoken = { http, tls: tls !== undefined };
  const choose = (tried?: ReadonlySet<string>, session?: SessionFacts): ChosenEndpoint => {
    const endpoint = balancer.next(endpointsNamed(target, tried), session);
    if (proxyProtocol === undefined || session === undefined) return new Chosen(endpoint, balancer, ways.to(endpoint), spoken);
    return new Chosen(endpoint, balancer, clients.to(endpoint, session), { ...spoken, sharedBy: String(session.id) });
  };
  return {
    target,
    balancer,
    choose: (tried, session) => chooseOf(balancer, () => choose(tried, session)),
    wait: (tried, session) => waitOf(balancer, () => choose(tried, session)),
    probe: (endpoint, health) => probeOf(endpoint, health, probing),
    attempts: (resolve, session, own) => {
      const protocol = session?.tls?.protocol;
      const isShared = resolve === undefined && protocol === undefined && own === undefined;
      const protocols = protocol === undefined ? [] : [protocol];
      const as = isShared ? shared : { ...shared, resolve: resolve ?? shared.resolve, protocols, refuse: both(refuse, own) };
      return new Attempts(target.endpoints.length, as, session);
    },
  };
}

const none: ReadonlySet<Endpoint> = new Set();

/** For whoever speaks HTTP by itself (RFC 7301, RFC 9113 section 3.2). */
function offeredBy({ http }: UpstreamTarget): readonly string[] {
  if (http === "2") return ["h2"];
  return http === "auto" ? ["h2", "http/1.1"] : [];
}

class Attempts extends SessionAttempts {
  constructor(
    endpoints: number,
    private readonly context: AttemptContext,
    session: SessionFacts | undefined,
  ) {
    super(endpoints, context.balancer, session);
  }

  /** RxJS's extension point; on the prototype, for the reason given in EachObservable. */
  _subscribe(subscriber: Subscriber<Upstream>): Unsubscribable {
    const { line } = this.balancer;
    if (line === undefined) return dial(this.next(), this.context, subscriber, this);
    return line
      .take(() => this.next())
      .pipe(switchMap((endpoint) => new Observable<Upstream>((own) => dial(endpoint, this.context, own, this))))
      .subscribe(subscriber);
  }
}

/** Whatever one of them refuses. */
export function both(first: DialContext["refuse"], second: DialContext["refuse"]): DialContext["refuse"] {
  return second === undefined ? first : (address, port) => first?.(address, port) ?? second(address, port);
}

function dial(endpoint: Endpoint, context: AttemptContext, subscriber: Subscriber<Upstream>, made?: SessionAttempts): DialAttempt {
  const attempt = new DialAttempt(endpoint, context, subscriber, made);
  attempt.start();
  return attempt;
}

/** Nobody goes before those who wait. */
export function chooseOf(balancer: Balancer, choose: () => ChosenEndpoint): ChosenEndpoint {
  if (balancer.line?.isTaken === true) throw new SluiceError("SLUICE_UPSTREAM_BUSY", "others wait for room at the upstream");
  return choose();
}

function waitOf(balancer: Balancer, choose: () => ChosenEndpoint): Observable<ChosenEndpoint> {
  return balancer.line === undefined ? defer(() => of(choose())) : balancer.line.take(choose);
}

interface ProbeOptions {
  /** TLS that takes any certificate, once it was needed. */
  anyTls: UpstreamTls | undefined;
  readonly context: DialContext;
  readonly shared: AttemptContext;
}

function probeOf(endpoint: Endpoint, { check, timeout }: HealthTarget, options: ProbeOptions): Observable<Upstream> {
  const { context, shared } = options;
  return new Observable<Upstream>((subscriber) => {
    // Where TLS is only passed on, the certificate is the client's business.
    const tls = check === "tls" ? (shared.tls ?? (options.anyTls ??= createUpstreamTls({ verify: false }, context))) : shared.tls;
    const own = { connectTimeout: timeout, deadlines: new Deadlines(timeout), balancer: unjudged(shared.balancer) };
    return dial(endpoint, { ...shared, ...own, tls: check === "tcp" ? undefined : tls }, subscriber);
  }).pipe(
    tap(({ leg }) => {
      // `dial` opens no other.
      (leg as StreamLeg).socket.unref();
    }),
  );
}

/** For connections that say nothing of how sessions fare. */
export function unjudged(balancer: Balancer): Balancer {
  const silent = {
    opened: nothing,
    closed: nothing,
    failed: nothing,
    attempted: nothing,
    penalise: nothing,
    worked: nothing,
    hold: nothing,
    letGo: nothing,
  };
  return { ...withoutCounts(balancer), ...silent, judges: false, severs: false };
}

/** For connections that are not counted themselves: whoever works on them tells how the work went. */
export function withoutCounts(balancer: Balancer): Balancer {
  return {
    get panic() {
      return balancer.panic;
    },
    judges: balancer.judges,
    severs: balancer.severs,
    line: balancer.line,
    next: (tried, session) => balancer.next(tried, session),
    opened: nothing,
    closed: nothing,
    failed: (endpoint) => balancer.penalise(endpoint),
    attempted: (endpoint, milliseconds, ok) => balancer.attempted(endpoint, milliseconds, ok),
    penalise: (endpoint) => balancer.penalise(endpoint),
    hold: (endpoint, leg) => balancer.hold(endpoint, leg),
    letGo: (endpoint, leg) => balancer.letGo(endpoint, leg),
    worked: (endpoint) => balancer.worked(endpoint),
    turnsOf: (endpoint) => balancer.turnsOf(endpoint),
  };
}

function nothing(): void {
  // Counted elsewhere.
}

export function endpointsNamed(target: UpstreamTarget, names: ReadonlySet<string> | undefined): ReadonlySet<Endpoint> {
  if (names === undefined || names.size === 0) return none;
  return new Set(target.endpoints.filter(({ text }) => names.has(text)));
}
