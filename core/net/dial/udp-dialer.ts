import { defer, map, Observable, of, type Subscriber, type Subscription } from "rxjs";
import {
  SluiceError,
  withClient,
  type Endpoint,
  type Endpoints,
  type SessionFacts,
  type Upstream,
  type UpstreamTarget,
} from "../../contract/index.ts";
import { createBalancer, type Balancer } from "../balance/balancer.ts";
import { endpointsNamed, type DialContext, type EndpointDialer } from "./dialer.ts";
import { unjudged, withoutCounts } from "./uncounted-balancer.ts";
import { Chosen } from "./chosen.ts";
import { LastingUdpLeg, type OpenPath, type UdpPath } from "../legs/lasting-udp-leg.ts";
import { both } from "./session-way.ts";
import { SessionAttempts } from "../balance/session-attempts.ts";
import { UdpAttempt, type UdpAttemptContext } from "./udp-attempt.ts";

/** Makes the dialer of a UDP listener's upstream: each leg has connected sockets of its own. */
export function createUdpDialer(target: UpstreamTarget, context: DialContext): EndpointDialer {
  // Flows do not wait for room.
  const balancer = createBalancer({ ...target, queue: undefined }, context);
  const { bind, proxyProtocol } = target;
  // All properties are here from the start, and a session's copy only changes them: Node 20 takes microseconds to add a property to a copy.
  const shared: UdpAttemptContext = { ...context, bind, proxyProtocol, balancer, session: undefined, made: undefined };
  const uncounted: UdpAttemptContext = { ...shared, balancer: withoutCounts(balancer) };
  const ways = new Map<Endpoint, Observable<Upstream>>();
  const wayTo = (endpoint: Endpoint, session?: SessionFacts): Observable<Upstream> => {
    const open: OpenPath = () => pathTo(endpoint, { ...uncounted, session });
    return open(undefined).pipe(map((path) => upstreamOf(path, 1, open)));
  };
  const pick: Endpoints["choose"] = (tried, session, request) => {
    const endpoint = balancer.next(endpointsNamed(target, tried), session && withClient(session, request?.client), request);
    const way = target.proxyProtocol === undefined ? (ways.get(endpoint) ?? wayTo(endpoint)) : wayTo(endpoint, session);
    ways.set(endpoint, way);
    return new Chosen(endpoint, balancer, way, { tls: false });
  };
  return {
    target,
    balancer,
    way: undefined,
    pick,
    choose: pick,
    wait: (tried, session, request) => defer(() => of(pick(tried, session, request))),
    probe: (endpoint, timeout) => probeOf(endpoint, { ...uncounted, balancer: unjudged(balancer), connectTimeout: timeout }),
    attempts: (resolve = context.resolve, session?, refuse?) => {
      const own = { ...shared, resolve, refuse: both(context.refuse, refuse) };
      return new UdpAttempts(target.endpoints.length, balancer, session, own);
    },
  };
}

class UdpAttempts extends SessionAttempts {
  readonly #context: UdpAttemptContext;

  constructor(
    private readonly choices: number,
    balancer: Balancer,
    session: SessionFacts | undefined,
    context: UdpAttemptContext,
  ) {
    super(choices, balancer, session);
    this.#context = { ...context, made: this };
  }

  /** RxJS's extension point; on the prototype, for the reason given in EachObservable. */
  _subscribe(subscriber: Subscriber<Upstream>): Subscription {
    const open: OpenPath = (endpoint) => defer(() => pathTo(endpoint ?? this.next(), this.#context));
    return open(undefined)
      .pipe(map((path) => upstreamOf(path, this.choices, open)))
      .subscribe(subscriber);
  }
}

function pathTo(endpoint: Endpoint, context: UdpAttemptContext): Observable<UdpPath> {
  return new Observable<UdpPath>((subscriber) => new UdpAttempt(endpoint, context, subscriber).start());
}

/** The leg of a health check. It also fails after it was opened, when ICMP reports that nobody receives there. */
function probeOf(endpoint: Endpoint, context: UdpAttemptContext): Observable<Upstream> {
  return new Observable<Upstream>((subscriber) =>
    pathTo(endpoint, context).subscribe({
      next: (path) => {
        const refused = new SluiceError("SLUICE_UPSTREAM_REFUSED", `upstream ${endpoint.text}: nobody listens there (ICMP)`);
        path.owner = { pathRefused: () => subscriber.error(refused) };
        path.leg.unref();
        subscriber.next({ endpoint: endpoint.text, leg: path.leg });
      },
      error: (error: unknown) => {
        subscriber.error(error);
      },
    }),
  );
}

/** The upstream of a session. Without a choice of paths, the session gets the socket's leg itself. */
function upstreamOf(path: UdpPath, choices: number, open: OpenPath): Upstream {
  const only = choices === 1 && path.staleAt === Infinity;
  return { endpoint: path.endpoint.text, leg: only ? path.leg : new LastingUdpLeg(path, choices, open) };
}
