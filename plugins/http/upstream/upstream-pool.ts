import type { ChosenEndpoint, Endpoints, SessionFacts } from "sluice";
import { EndpointConnections, type PoolLimits } from "./endpoint-connections.ts";

/** The kept connections to the endpoints of one upstream. */
export class UpstreamPool {
  readonly #connections = new Map<string, EndpointConnections>();

  constructor(
    private readonly endpoints: Endpoints,
    private readonly limits: PoolLimits,
  ) {}

  /**
   * Chooses where the next request of a client goes.
   * @throws SLUICE_UPSTREAM_BUSY when too many wait there already
   */
  choose(
    client: string,
    tried?: ReadonlySet<string>,
    session?: SessionFacts,
  ): { readonly endpoint: ChosenEndpoint; readonly connections: EndpointConnections } {
    const endpoint = this.endpoints.choose(tried, session);
    let connections = this.#connections.get(endpoint.name);
    if (connections === undefined) {
      this.#tidy();
      connections = new EndpointConnections(endpoint.name, this.limits);
      this.#connections.set(endpoint.name, connections);
    }
    if (connections.use(endpoint).admits(client)) return { endpoint, connections };
    endpoint.done(false);
    throw connections.failures.busy(connections.waiting);
  }

  /** Closes what nothing uses; what is used is closed when it is not any more. */
  retire(): void {
    for (const connections of this.#connections.values()) connections.retire();
  }

  /** A reload may bring other endpoints for ever. */
  #tidy(): void {
    for (const [name, { isUnused }] of this.#connections) if (isUnused) this.#connections.delete(name);
  }
}
