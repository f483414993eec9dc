import { LRUCache } from "lru-cache";
import { SluiceError, upstreamKey } from "sluice";
import type { Endpoints, HttpAttemptEnd, HttpResponse, UpstreamConfig, Upstreams } from "sluice";
import { catchError, finalize, map, switchMap, throwError, type Observable } from "rxjs";
import type { ClientRequest } from "../exchange/client-request.ts";
import { ask } from "./ask.ts";
import { Forwarded } from "./forwarded.ts";
import { Forwarder } from "./forwarder.ts";
import type { HttpOptions, RouteOptions } from "../exchange/options.ts";
import { change, clientOf, outboundOf, type Outbound } from "./outbound.ts";
import { ReplayBody } from "../exchange/replay-body.ts";
import { Routes } from "./routes.ts";
import { pathOf } from "../message/target.ts";
import { isRetold, retold } from "./seen-answer.ts";
import type { AttemptPlace } from "./upstream-attempt.ts";
import { StaleConnection, UnprocessedRequest } from "./upstream-failure.ts";
import { TrustedProxies } from "../exchange/trusted-proxies.ts";
import { UpstreamPool, type PoolPlace } from "./upstream-pool.ts";

/** The most upstreams chosen by hooks at run time whose connections are kept. */
const CHOSEN = 256;

/** The route and the upstream of a request. */
interface Destination {
  readonly route: RouteOptions | undefined;
  readonly pool: UpstreamPool;
}

/** Sends requests according to the routes. */
export class Router {
  readonly #routes: Routes;
  readonly #forwarded: Forwarded;
  readonly #forwarder = new Forwarder();
  /** The pools by route. */
  readonly #pools: UpstreamPool[] = [];
  readonly #chosen = new LRUCache<string, UpstreamPool>({ max: CHOSEN, dispose: (pool) => pool.retire() });

  constructor(
    private readonly options: HttpOptions,
    private readonly upstreams: Upstreams,
  ) {
    this.#routes = new Routes(options.routes);
    this.#forwarded = new Forwarded(new TrustedProxies(options.trustedProxies));
  }

  /** @throws SLUICE_CERTIFICATE_INVALID, SLUICE_UPSTREAM_MISSING */
  open(): void {
    for (const { upstream } of this.options.routes) this.#pools.push(this.#pool(this.upstreams.endpoints(upstream)));
  }

  retire(): void {
    for (const pool of this.#pools) pool.retire();
    this.#chosen.clear();
  }

  /**
   * Makes one try at a request, at an endpoint that is not in `tried` if there is one.
   * @throws SluiceError
   */
  attempt(request: ClientRequest, tried: Set<string>): Observable<HttpResponse> {
    const at = request.upstream === undefined ? this.#routes.find(request) : -1;
    const route = this.options.routes[at];
    const pool = request.upstream === undefined ? this.#pools[at] : this.#poolOf(request.upstream);
    if (pool === undefined) return throwError(() => noRoute(request));
    const response = this.#send(request, { route, pool }, tried);
    return route === undefined || !changes(route) ? response : response.pipe(map((answer) => changed(answer, route)));
  }

  /** @param before the error of the last try, if the request is sent again to another endpoint of the upstream */
  #send(request: ClientRequest, to: Destination, tried: Set<string>, before?: SluiceError): Observable<HttpResponse> {
    const client = clientOf(request);
    let place: PoolPlace;
    try {
      place = to.pool.choose(client, tried, request.session);
    } catch (error) {
      if (!SluiceError.is(error) || error.code !== "SLUICE_UPSTREAM_BUSY") throw error;
      return to.pool
        .wait(client, tried, request.session)
        .pipe(switchMap((later) => this.#sendTo(request, goingTo(to, later), tried, before)));
    }
    return this.#sendTo(request, goingTo(to, place), tried, before);
  }

  #sendTo(
    request: ClientRequest,
    to: Destination & PoolPlace,
    tried: Set<string>,
    before: SluiceError | undefined,
  ): Observable<HttpResponse> {
    const { route, endpoint, connections } = to;
    if (before !== undefined && tried.has(endpoint.name)) {
      endpoint.done(false);
      throw before;
    }
    tried.add(endpoint.name);
    const startedAt = performance.now();
    let isOver = false;
    const made = (code?: SluiceError["code"]): void => {
      request.attempted(endpoint.name, performance.now() - startedAt, code);
    };
    const over = (failure: SluiceError | undefined): void => {
      if (isOver) return;
      isOver = true;
      endpoint.done(failure !== undefined, failure?.code);
      if (failure !== undefined) made(failure.code);
    };
    request.onEnd(() => {
      over(undefined);
    });
    const outbound = outboundOf(request, endpoint.name, { route, forwarded: this.#forwarded });
    const { url, headers } = outbound;
    const ended = request.begins({ endpoint: endpoint.name, scheme: endpoint.tls === true ? "https" : "http", url, headers });
    const response = this.#attempt(outbound, { connections, timeout: this.options.timeouts.response });
    return response.pipe(
      map((answer) => {
        endpoint.answered();
        made();
        ended({ status: answer.status });
        return route !== undefined && isRetold(route) ? retold(answer, route, outbound, endpoint.name) : answer;
      }),
      catchError((error: unknown) => {
        const failure = failureOfUpstream(error);
        ended(endOf(error));
        const isStale = failure?.cause instanceof StaleConnection;
        over(isStale ? undefined : failure);
        if (isStale && mayRepeat(request)) {
          // The upstream has probably closed all of its kept connections.
          connections.dropIdle();
          tried.delete(endpoint.name);
          return this.#send(request, to, tried);
        }
        // If there is another endpoint, it is sent there.
        if (isUnprocessed(failure, request) && request.givenBack()) return this.#send(request, to, tried);
        // A request of which nothing was sent may be sent again, whatever its method (RFC 9110 section 9.2.2).
        return failure !== undefined && mayFailOver(request, tried) ? this.#send(request, to, tried, failure) : throwError(() => error);
      }),
      finalize(() => ended({})),
    );
  }

  /** Sends a complete request at once, and a streamed one with the package `http-proxy`. */
  #attempt(outbound: Outbound, place: AttemptPlace): Observable<HttpResponse> {
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
    return new UpstreamPool(endpoints, { ...limits, connectionsPerClient, idleConnection, connectionAge });
  }
}

/** Joins the two. No spreading: on Node 20, adding properties to such a copy takes microseconds. */
function goingTo({ route, pool }: Destination, { endpoint, connections }: PoolPlace): Destination & PoolPlace {
  return { route, pool, endpoint, connections };
}

const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

function endOf(error: unknown): HttpAttemptEnd {
  return SluiceError.is(error) ? { error } : {};
}

function failureOfUpstream(error: unknown): SluiceError | undefined {
  return SluiceError.is(error) && error.source === "upstream" ? error : undefined;
}

function mayFailOver({ sent, failover }: ClientRequest, tried: ReadonlySet<string>): boolean {
  return !sent && failover && tried.size === 1;
}

function isUnprocessed(failure: SluiceError | undefined, { replayable }: ClientRequest): boolean {
  return failure?.cause instanceof UnprocessedRequest && replayable;
}

function mayRepeat({ method, replayable }: ClientRequest): boolean {
  return idempotent.has(method) && replayable;
}

function noRoute({ session, method, host, url }: ClientRequest): SluiceError {
  return new SluiceError("SLUICE_HTTP_NO_ROUTE", `no route of listener "${session.listener}" matches ${method} ${host}${pathOf(url)}`);
}

function changes({ responseHeaders }: RouteOptions): boolean {
  return responseHeaders.remove.length > 0 || Object.keys(responseHeaders.set).length > 0;
}

function changed(answer: HttpResponse, { responseHeaders }: RouteOptions): HttpResponse {
  const headers = { ...answer.headers };
  change(headers, responseHeaders);
  return { ...answer, headers };
}
