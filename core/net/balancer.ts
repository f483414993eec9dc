import type { Endpoint, UpstreamTarget } from "../contract/index.ts";
import { AddressTurns } from "./address-turns.ts";

/** How long an endpoint that failed is tried last, in milliseconds. */
const PENALTY = 2_000;

/** Chooses among an upstream's endpoints. One per listener and generation; its state is shared by the sessions, and goes on over reloads. */
export interface Balancer {
  /** Whether `opened` and `closed` matter to the choice; when not, they need not be called. */
  readonly counts: boolean;
  /**
   * The endpoint for the next try: one not in `tried` while there is any, and among those one that did not fail within the
   * last two seconds while there is any; then by the policy.
   */
  next(tried: ReadonlySet<Endpoint>): Endpoint;
  /** A leg to the endpoint is being opened. */
  opened(endpoint: Endpoint): void;
  /** The leg is gone, or was never opened after all. Once per `opened`. */
  closed(endpoint: Endpoint): void;
  /** A try at the endpoint failed. */
  failed(endpoint: Endpoint): void;
  /** How the addresses of its name take turns. */
  turnsOf(endpoint: Endpoint): AddressTurns;
}

export interface BalancerOptions {
  /** From 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: () => number;
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number;
  /** The balancer of the generation before: the legs it counted are still open, and the turn goes on from its last. */
  readonly before?: Balancer | undefined;
}

/** Makes the balancer of an upstream. */
export function createBalancer(target: UpstreamTarget, options: BalancerOptions = {}): Balancer {
  const { random = Math.random, now = () => performance.now(), before } = options;
  return new EndpointBalancer(target, random, now, before instanceof EndpointBalancer ? before : undefined);
}

class EndpointBalancer implements Balancer {
  readonly counts: boolean;
  readonly #endpoints: readonly Endpoint[];
  /** Both by an endpoint's text: a reload makes new objects of the same endpoints. */
  #active = new Map<string, number>();
  readonly #penalised = new Map<string, number>();
  readonly #turns = new Map<string, AddressTurns>();
  /** Where the next round starts, as an index. */
  #cursor = 0;

  constructor(
    private readonly target: UpstreamTarget,
    private readonly random: () => number,
    private readonly now: () => number,
    before: EndpointBalancer | undefined,
  ) {
    this.#endpoints = target.endpoints;
    if (before !== undefined) this.#goOnFrom(before);
    this.counts = target.balance === "least-connections" && target.endpoints.length > 1;
  }

  next(tried: ReadonlySet<Endpoint>): Endpoint {
    const first = this.#endpoints[0];
    if (first === undefined) throw new TypeError("an upstream has at least one endpoint");
    if (this.#endpoints.length === 1) return first;
    const untried = tried.size === 0 ? this.#endpoints : narrow(this.#endpoints, (endpoint) => !tried.has(endpoint));
    const healthy = this.#penalised.size === 0 ? untried : narrow(untried, (endpoint) => !this.#isPenalised(endpoint));
    const chosen = this.target.balance === "random" ? healthy[Math.floor(this.random() * healthy.length)] : this.#inTurn(healthy);
    this.#cursor = this.#endpoints.indexOf(chosen ?? first) + 1;
    return chosen ?? first;
  }

  opened(endpoint: Endpoint): void {
    this.#active.set(endpoint.text, this.#activeOf(endpoint) + 1);
  }

  closed(endpoint: Endpoint): void {
    const rest = this.#activeOf(endpoint) - 1;
    if (rest > 0) this.#active.set(endpoint.text, rest);
    else this.#active.delete(endpoint.text);
  }

  failed(endpoint: Endpoint): void {
    if (this.#endpoints.length > 1) this.#penalised.set(endpoint.text, this.now() + PENALTY);
  }

  turnsOf(endpoint: Endpoint): AddressTurns {
    let turns = this.#turns.get(endpoint.text);
    if (turns === undefined) {
      turns = new AddressTurns(this.target.balance, this.random, this.now);
      this.#turns.set(endpoint.text, turns);
    }
    return turns;
  }

  #goOnFrom(before: EndpointBalancer): void {
    // Shared, not copied: the legs of the generation before close later.
    this.#active = before.#active;
    this.#cursor = before.#cursor;
    for (const { text } of this.#endpoints) {
      const until = before.#penalised.get(text);
      if (until !== undefined) this.#penalised.set(text, until);
      const turns = before.#turns.get(text);
      if (turns !== undefined && before.target.balance === this.target.balance) this.#turns.set(text, turns);
    }
  }

  /** The first from the cursor on with the fewest legs; without counts that is the next in turn. */
  #inTurn(eligible: readonly Endpoint[]): Endpoint | undefined {
    let best: Endpoint | undefined;
    for (let step = 0; step < this.#endpoints.length; step += 1) {
      const endpoint = this.#endpoints[(this.#cursor + step) % this.#endpoints.length];
      if (endpoint === undefined || !eligible.includes(endpoint)) continue;
      if (!this.counts) return endpoint;
      if (best === undefined || this.#activeOf(endpoint) < this.#activeOf(best)) best = endpoint;
    }
    return best;
  }

  #activeOf(endpoint: Endpoint): number {
    return this.#active.get(endpoint.text) ?? 0;
  }

  #isPenalised(endpoint: Endpoint): boolean {
    const until = this.#penalised.get(endpoint.text);
    if (until === undefined) return false;
    if (until > this.now()) return true;
    this.#penalised.delete(endpoint.text);
    return false;
  }
}

/** What of a list passes, or the whole list when nothing does. */
function narrow(endpoints: readonly Endpoint[], passes: (endpoint: Endpoint) => boolean): readonly Endpoint[] {
  const rest = endpoints.filter(passes);
  return rest.length === 0 ? endpoints : rest;
}
