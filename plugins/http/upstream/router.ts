import { LRUCache } from "lru-cache";
import { SluiceError, upstreamKey } from "sluice";
import type { Endpoints, HttpResponse, UpstreamConfig, Upstreams } from "sluice";
import { ignoreElements, Observable, tap, type Subscriber, type TeardownLogic } from "rxjs";
import type { ClientRequest } from "../exchange/client-request.ts";
import { ask } from "./ask.ts";
import { EndpointTry, type Sender, type Sending } from "./endpoint-try.ts";
import { Forwarded } from "./routing/forwarded.ts";
import { Forwarder } from "./forwarder.ts";
import type { HttpOptions } from "../exchange/options.ts";
import { clientOf, outboundOf, type Outbound } from "./routing/outbound.ts";
import { ReplayBody } from "../exchange/replay-body.ts";
import { Route } from "./routing/route.ts";
import { Routes } from "./routing/routes.ts";
import { pathOf } from "../message/target.ts";
import type { AttemptPlace, UpstreamAttempt } from "./upstream-attempt.ts";
import { TrustedProxies } from "../exchange/trusted-proxies.ts";
import type { PoolLimits } from "./pool/endpoint-connections.ts";
import { UpstreamPool, type PoolPlace } from "./pool/upstream-pool.ts";

/** The most upstreams chosen by hooks at run time whose connections are kept. */
const CHOSEN = 256;

/** Sends requests according to the routes. */
export class Router implements Sender {
  readonly #index: Routes;
  readonly #routes: readonly Route[];
  readonly #forwarded: Forwarded;
  readonly #forwarder = new Forwarder();
  /** The pools by route. */
  readonly #pools: UpstreamPool[] = [];
  readonly #chosen = new LRUCache<string, UpstreamPool>({ max: CHOSEN, dispose: (pool) => pool.retire() });

  constructor(
    private readonly options: HttpOptions,
    private readonly upstreams: Upstreams,
    private readonly legOf?: PoolLimits["legOf"],
  ) {
    this.#index = new Routes(options.routes);
    this.#routes = options.routes.map((route) => new Route(route));
    this.#forwarded = new Forwarded(new TrustedProxies(options.trustedProxies.texts));
  }

  /** @throws SLUICE_CERTIFICATE_INVALID, SLUICE_UPSTREAM_MISSING */
  open(): void {
    for (const { upstream } of this.options.routes) this.#pools.push(this.#pool(this.upstreams.endpoints(upstream)));
  }

  retire(): void {
    for (const pool of this.#pools) pool.retire();
    this.#chosen.clear();
  }

  /** Each subscription is one try at a request, at an endpoint that no other subscription has tried if there is one. */
  attempt(request: ClientRequest): Observable<HttpResponse> {
    return new RoutedRequest(request, this);
  }

  /** @throws SluiceError */
  route(request: ClientRequest, subscriber: Subscriber<HttpResponse>): void {
    const at = request.upstream === undefined ? this.#index.find(request) : -1;
    const pool = request.upstream === undefined ? this.#pools[at] : this.#poolOf(request.upstream);
    if (pool === undefined) throw noRoute(request);
    this.send({ request, route: this.#routes[at], pool, subscriber });
  }

  send(sending: Sending, before?: SluiceError): void {
    const { request, pool, subscriber } = sending;
    const { tried } = request;
    const client = clientOf(request);
    let place: PoolPlace;
    try {
      place = pool.choose(client, tried, request);
    } catch (error) {
      if (!SluiceError.is(error) || error.code !== "SLUICE_UPSTREAM_BUSY") throw error;
      const later = pool.wait(client, tried, request).pipe(
        // The try emits the response by itself.
        tap((found) => this.sendTo(sending, found, before)),
        ignoreElements(),
      );
      subscriber.add(later.subscribe({ error: (failure: unknown) => subscriber.error(failure) }));
      return;
    }
    this.sendTo(sending, place, before);
  }

  sendTo(sending: Sending, place: PoolPlace, before?: SluiceError): void {
    const { request } = sending;
    const { tried } = request;
    const { endpoint, connections } = place;
    if (before !== undefined && tried.has(endpoint.name)) {
      endpoint.done(false);
      throw before;
    }
    tried.add(endpoint.name);
    const made = new EndpointTry(sending, place, this);
    const outbound = outboundOf(request, endpoint.name, { route: sending.route?.options, forwarded: this.#forwarded });
    made.begins(outbound);
    try {
      const attempt = this.#attempt(outbound, { connections, timeout: this.options.timeouts.response, subscriber: made });
      made.add(attempt);
      attempt.start();
    } catch (error) {
      made.error(error);
    }
  }

  /** Sends a complete request at once, and a streamed one with the package `http-proxy`. */
  #attempt(outbound: Outbound, place: AttemptPlace): UpstreamAttempt {
    const { content } = outbound;
    return content instanceof ReplayBody ? this.#forwarder.forward({ ...outbound, content }, place) : ask(outbound, place);
  }

  #poolOf(upstream: UpstreamConfig): UpstreamPool {
    const key = upstreamKey(upstream);
    const known = this.#chosen.get(key) ?? this.#pool(this.upstreams.endpoints(upstream));
    this.#chosen.set(key, known);
    return known;
  }

  #pool(endpoints: Endpoints): UpstreamPool {
    const { limits, timeouts } = this.options;
    const { connections, connectionsPerClient = Math.ceil(connections / 2) } = limits;
    const { idleConnection, connectionAge } = timeouts;
    return new UpstreamPool(endpoints, { ...limits, connectionsPerClient, idleConnection, connectionAge, legOf: this.legOf });
  }
}

/** A request that is sent according to the routes, once for each subscription. */
class RoutedRequest extends Observable<HttpResponse> {
  constructor(
    private readonly request: ClientRequest,
    private readonly router: Router,
  ) {
    super();
  }

  /** RxJS's extension point; on the prototype, since a function for each request is more expensive. */
  _subscribe(subscriber: Subscriber<HttpResponse>): TeardownLogic {
    try {
      this.router.route(this.request, subscriber);
    } catch (error) {
      subscriber.error(error);
    }
  }
}

function noRoute({ session, method, host, url }: ClientRequest): SluiceError {
  return new SluiceError("SLUICE_HTTP_NO_ROUTE", `no route of listener "${session.listener}" matches ${method} ${host}${pathOf(url)}`);
}
