import { LRUCache } from "lru-cache";
import { SluiceError } from "sluice";
import type { Endpoints, HttpResponse, UpstreamConfig, Upstreams } from "sluice";
import { catchError, map, throwError, type Observable } from "rxjs";
import type { ClientRequest } from "./client-request.ts";
import type { EndpointConnections } from "./endpoint-connections.ts";
import { ask } from "./ask.ts";
import { Forwarded } from "./forwarded.ts";
import { Forwarder } from "./forwarder.ts";
import type { HttpOptions, RouteOptions } from "./options.ts";
import { change, outboundOf, type Outbound } from "./outbound.ts";
import { ReplayBody } from "./replay-body.ts";
import { Routes } from "./routes.ts";
import { upgrade } from "./upgrade.ts";
import { StaleConnection } from "./upstream-failure.ts";
import { UpstreamPool } from "./upstream-pool.ts";

/** Upstreams that hooks chose at run time, of which the connections are kept. */
const CHOSEN = 256;

/** Sends requests where the routes say. */
export class Router {
  readonly #routes: Routes;
  readonly #forwarded: Forwarded;
  readonly #forwarder = new Forwarder();
  /** By route. */
  readonly #pools: UpstreamPool[] = [];
  readonly #chosen = new LRUCache<string, UpstreamPool>({ max: CHOSEN, dispose: (pool) => pool.retire() });

  constructor(
    private readonly options: HttpOptions,
    private readonly upstreams: Upstreams,
  ) {
    this.#routes = new Routes(options.routes);
    this.#forwarded = new Forwarded(options.trustedProxies);
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
   * One try at a request, at an endpoint that is not in `tried` while there is any.
   * @throws SluiceError
   */
  attempt(request: ClientRequest, tried: Set<string>): Observable<HttpResponse> {
    const at = request.upstream === undefined ? this.#routes.find(request) : -1;
    const route = this.options.routes[at];
    const pool = request.upstream === undefined ? this.#pools[at] : this.#poolOf(request.upstream);
    if (pool === undefined) return throwError(() => noRoute(request));
    const response = this.#send(request, route, pool, tried);
    return route === undefined || !changes(route) ? response : response.pipe(map((answer) => changed(answer, route)));
  }

  #send(request: ClientRequest, route: RouteOptions | undefined, pool: UpstreamPool, tried: Set<string>): Observable<HttpResponse> {
    const { endpoint, connections } = pool.choose(tried);
    tried.add(endpoint.name);
    let isOver = false;
    const over = (failed: boolean): void => {
      if (!isOver) endpoint.done(failed);
      isOver = true;
    };
    request.onEnd(() => {
      over(false);
    });
    const outbound = outboundOf(request, endpoint.name, { route, forwarded: this.#forwarded });
    const response = this.#attempt(outbound, request, connections);
    return response.pipe(
      catchError((error: unknown) => {
        const isStale = SluiceError.is(error) && error.cause instanceof StaleConnection;
        over(!isStale && SluiceError.is(error) && error.source === "upstream");
        if (!isStale || !mayRepeat(request)) return throwError(() => error);
        // The upstream closed what it had kept, and most likely all of it.
        connections.dropIdle();
        tried.delete(endpoint.name);
        return this.#send(request, route, pool, tried);
      }),
    );
  }

  /** Over a connection of the proxy's own where all that is sent is there already; the rest needs Node's client. */
  #attempt(outbound: Outbound, { isUpgrade }: ClientRequest, connections: EndpointConnections): Observable<HttpResponse> {
    const timeout = this.options.timeouts.response;
    const { content } = outbound;
    const options = { agent: connections.agent, endpoint: connections.name, timeout };
    if (isUpgrade) return upgrade(outbound, options);
    if (content instanceof ReplayBody) return this.#forwarder.forward({ ...outbound, content }, options);
    return ask(outbound, connections, timeout);
  }

  #poolOf(upstream: UpstreamConfig): UpstreamPool {
    const key = JSON.stringify(upstream);
    const known = this.#chosen.get(key) ?? this.#pool(this.upstreams.endpoints(upstream));
    this.#chosen.set(key, known);
    return known;
  }

  #pool(endpoints: Endpoints): UpstreamPool {
    const { limits, timeouts } = this.options;
    return new UpstreamPool(endpoints, { ...limits, idleConnection: timeouts.idleConnection });
  }
}

const idempotent: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

function mayRepeat({ method, replayable }: ClientRequest): boolean {
  return idempotent.has(method) && replayable;
}

function noRoute({ session, method, host, url }: ClientRequest): SluiceError {
  const path = url.split("?", 1)[0] ?? "";
  return new SluiceError("SLUICE_HTTP_NO_ROUTE", `no route of listener "${session.listener}" is for ${method} ${host}${path}`);
}

function changes({ responseHeaders }: RouteOptions): boolean {
  return responseHeaders.remove.length > 0 || Object.keys(responseHeaders.set).length > 0;
}

function changed(answer: HttpResponse, { responseHeaders }: RouteOptions): HttpResponse {
  const headers = { ...answer.headers };
  change(headers, responseHeaders);
  return { ...answer, headers };
}
