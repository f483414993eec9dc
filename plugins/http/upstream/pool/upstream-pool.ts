import type { ChosenEndpoint, Endpoints, HttpRequest, RequestFacts, Session } from "sluice";
import { map, type Observable } from "rxjs";
import { EndpointConnections, type PoolLimits } from "./endpoint-connections.ts";

/** The chosen endpoint of a request, with its connections. */
export interface PoolPlace {
  readonly endpoint: ChosenEndpoint;
  readonly connections: EndpointConnections;
}

type Asked = Pick<HttpRequest, "session"> & RequestFacts;

/** The kept connections to the endpoints of one upstream. */
export class UpstreamPool {
  /** The connections by endpoint; if the upstream is told the client of each connection (PROXY protocol), also by client session. */
  readonly #connections = new Map<string, EndpointConnections>();

  constructor(
    private readonly endpoints: Endpoints,
    private readonly limits: PoolLimits,
  ) {}

  /**
   * Chooses the endpoint of a request.
   * @param client the key of its client
   * @throws SLUICE_UPSTREAM_BUSY when too many requests wait there already, or no endpoint has room
   */
  choose(client: string, tried?: ReadonlySet<string>, request?: Asked): PoolPlace {
    return this.#place(this.endpoints.choose(tried, request?.session, request), client, request?.session);
  }

  /** Waits until there is room, and chooses then. */
  wait(client: string, tried?: ReadonlySet<string>, request?: Asked): Observable<PoolPlace> {
    const chosen = this.endpoints.wait(tried, request?.session, request);
    return chosen.pipe(map((endpoint) => this.#place(endpoint, client, request?.session)));
  }

  /** Closes unused connections now, and all others when they become unused. */
  retire(): void {
    for (const connections of this.#connections.values()) connections.retire();
  }

  #place(endpoint: ChosenEndpoint, client: string, session: Session | undefined): PoolPlace {
    const { name, sharedBy } = endpoint;
    const key = sharedBy === undefined ? name : `${name} ${sharedBy}`;
    const connections = this.#connections.get(key) ?? this.#open(key, name, sharedBy === undefined ? undefined : session);
    if (connections.use(endpoint).admits(client)) return { endpoint, connections };
    endpoint.done(false);
    throw connections.failures.busy(connections.waiting);
  }

  /** @param owner the only session that uses these connections, which end with it */
  #open(key: string, name: string, owner: Session | undefined): EndpointConnections {
    const connections = new EndpointConnections(name, this.limits);
    if (owner === undefined) this.#tidy();
    else owner.signal.addEventListener("abort", () => this.#close(key), { once: true });
    this.#connections.set(key, connections);
    return connections;
  }

  #close(key: string): void {
    this.#connections.get(key)?.retire();
    this.#connections.delete(key);
  }

  /** Removes endpoints without connections: reloads may bring new endpoints again and again. */
  #tidy(): void {
    for (const [name, { isUnused }] of this.#connections) if (isUnused) this.#connections.delete(name);
  }
}
