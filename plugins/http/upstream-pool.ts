import { SluiceError } from "sluice";
import type { ChosenEndpoint, Endpoints } from "sluice";
import { EndpointAgent, type AgentLimits } from "./endpoint-agent.ts";

export interface PoolLimits extends AgentLimits {
  /** Requests that may wait for a connection to one endpoint. */
  readonly waiting: number;
}

/** The kept connections to the endpoints of one upstream. */
export class UpstreamPool {
  readonly #agents = new Map<string, EndpointAgent>();

  constructor(
    private readonly endpoints: Endpoints,
    private readonly limits: PoolLimits,
  ) {}

  /**
   * Chooses where the next request goes.
   * @throws SLUICE_UPSTREAM_BUSY when too many wait there already
   */
  choose(tried?: ReadonlySet<string>): { readonly endpoint: ChosenEndpoint; readonly agent: EndpointAgent } {
    const endpoint = this.endpoints.choose(tried);
    let agent = this.#agents.get(endpoint.name);
    if (agent === undefined) {
      agent = new EndpointAgent(this.limits);
      this.#agents.set(endpoint.name, agent);
    }
    if (agent.waiting < this.limits.waiting || agent.waiting === 0) return { endpoint, agent: agent.use(endpoint) };
    endpoint.done(false);
    throw new SluiceError("SLUICE_UPSTREAM_BUSY", `${agent.waiting} requests wait for a connection to ${endpoint.name}`);
  }

  /** Closes what nothing uses; what is used is closed when it is not any more. */
  retire(): void {
    for (const agent of this.#agents.values()) {
      agent.maxFreeSockets = 0;
      agent.dropIdle();
    }
  }
}
