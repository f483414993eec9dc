import type { ChosenEndpoint, Endpoints, Session } from "sluice";
import { map, type Observable } from "rxjs";
import { EndpointConnections, type PoolLimits } from "./endpoint-connections.ts";

/** Where a request goes. */
export interface PoolPlace {
  readonly endpoint: ChosenEndpoint;
  readonly connections: EndpointConnections;
}

/** The kept connections to the endpoints of one upstream. */
export class UpstreamPool {
  /** By endpoint, and where an upstream is told by each connection whose it is, also by that. */
  readonly #connections = new Map<string, EndpointConnections>();

  constructor(
    private readonly endpoints: Endpoints,
    private readonly limits: PoolLimits,
  ) {}

  /**
   * Chooses where the next request of a client goes.
   * @throws SLUICE_UPSTREAM_BUSY when too many wait there already, or there is no room anywhere
   */
  choose(client: string, tried?: ReadonlySet<string>, session?: Session): PoolPlace {
    return this.#place(this.endpoints.choose(tried, session), client, session);
  }

  /** The same once there is room. */
  wait(client: string, tried?: ReadonlySet<string>, session?: Session): Observable<PoolPlace> {
    return this.endpoints.wait(tried, session).pipe(map((endpoint) => this.#place(endpoint, client, session)));
  }

  /** Closes what nothing uses; what is used is closed when it is not any more. */
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

  /** @param owner whose connections they are alone: they end with it */
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

  /** A reload may bring other endpoints for ever. */
  #tidy(): void {
    for (const [name, { isUnused }] of this.#connections) if (isUnused) this.#connections.delete(name);
  }
}
