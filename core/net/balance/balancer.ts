import { asyncScheduler, type SchedulerLike } from "rxjs";
import type { Endpoint, ErrorCode, UpstreamTarget } from "../../contract/index.ts";
import { AddressTurns } from "./address-turns.ts";
import { HealthBook, UpstreamHealth, type EndpointState } from "./endpoint-health.ts";

/** How long an endpoint that failed is tried last, in milliseconds. */
const PENALTY = 1_000;

/** Chooses among an upstream's endpoints. One per listener and generation; its state is shared by the sessions, and goes on over reloads. */
export interface Balancer {
  /** All of them are down, so all are used. */
  readonly panic: boolean;
  /** There are several, so it matters how each does. */
  readonly judges: boolean;
  /**
   * The endpoint for the next try, of those that are not out: one not in `tried` while there is any, and among those one that did not fail
   * within the last second while there is any; then by the policy.
   */
  next(tried: ReadonlySet<Endpoint>): Endpoint;
  /** A leg to the endpoint is being opened. */
  opened(endpoint: Endpoint): void;
  /** The leg has ended, or was never opened after all. Once per `opened`. */
  closed(endpoint: Endpoint): void;
  /** A try at the endpoint failed. */
  failed(endpoint: Endpoint, code: ErrorCode): void;
  /** It is tried last for a while; that says nothing of its health. */
  penalise(endpoint: Endpoint): void;
  /** It answered. */
  worked(endpoint: Endpoint): void;
  /** How the addresses of its name take turns. */
  turnsOf(endpoint: Endpoint): AddressTurns;
}

export interface BalancerOptions {
  /** From 0 (inclusive) to 1 (exclusive). @default Math.random */
  readonly random?: () => number;
  /** Its `now()` is in epoch milliseconds. @default RxJS's asyncScheduler */
  readonly clock?: SchedulerLike;
  /** The state of the proxy's endpoints. @default a book of its own */
  readonly health?: HealthBook | undefined;
  /** Under which the state is kept. @default "" */
  readonly listener?: string;
  /** The balancer of the generation before: the turn goes on from its last. */
  readonly before?: Balancer | undefined;
}

/** Makes the balancer of an upstream. */
export function createBalancer(target: UpstreamTarget, options: BalancerOptions = {}): Balancer {
  return new EndpointBalancer(target, options);
}

class EndpointBalancer implements Balancer {
  readonly judges: boolean;
  readonly #endpoints: readonly Endpoint[];
  readonly #counts: boolean;
  readonly #random: () => number;
  readonly #clock: SchedulerLike;
  readonly book: HealthBook;
  readonly #health: UpstreamHealth;
  /** By an endpoint's text: a reload makes new objects of the same endpoints. */
  readonly #penalised = new Map<string, number>();
  readonly #turns = new Map<string, AddressTurns>();
  /** Where the next round starts, as an index. */
  #cursor = 0;

  constructor(
    private readonly target: UpstreamTarget,
    { random = Math.random, clock = asyncScheduler, health, listener = "", before }: BalancerOptions,
  ) {
    const known = before instanceof EndpointBalancer ? before : undefined;
    this.#endpoints = target.endpoints;
    this.#random = random;
    this.#clock = clock;
    this.book = health ?? known?.book ?? new HealthBook(undefined);
    this.#health = new UpstreamHealth(target.endpoints, this.book, { listener, clock, random });
    this.judges = target.endpoints.length > 1;
    this.#counts = target.balance === "least-connections";
    if (known !== undefined) this.#goOnFrom(known);
  }

  get panic(): boolean {
    return this.#health.panic;
  }

  next(tried: ReadonlySet<Endpoint>): Endpoint {
    const first = this.#endpoints[0];
    if (first === undefined) throw new TypeError("an upstream has at least one endpoint");
    if (this.#endpoints.length === 1) return first;
    const { usable } = this.#health;
    const untried = tried.size === 0 ? usable : narrow(usable, (endpoint) => !tried.has(endpoint));
    const healthy = this.#penalised.size === 0 ? untried : narrow(untried, (endpoint) => !this.#isPenalised(endpoint));
    const chosen = this.target.balance === "random" ? healthy[Math.floor(this.#random() * healthy.length)] : this.#inTurn(healthy);
    this.#cursor = this.#endpoints.indexOf(chosen ?? first) + 1;
    return chosen ?? first;
  }

  opened(endpoint: Endpoint): void {
    this.#stateOf(endpoint).active += 1;
  }

  closed(endpoint: Endpoint): void {
    this.#stateOf(endpoint).active -= 1;
  }

  failed(endpoint: Endpoint, code: ErrorCode): void {
    this.penalise(endpoint);
    this.#health.failed(endpoint, code);
  }

  penalise(endpoint: Endpoint): void {
    if (this.judges) this.#penalised.set(endpoint.text, this.#clock.now() + PENALTY);
  }

  worked(endpoint: Endpoint): void {
    this.#health.worked(endpoint);
  }

  turnsOf(endpoint: Endpoint): AddressTurns {
    let turns = this.#turns.get(endpoint.text);
    if (turns === undefined) {
      turns = new AddressTurns(this.target.balance, this.#random, () => performance.now());
      this.#turns.set(endpoint.text, turns);
    }
    return turns;
  }

  #goOnFrom(before: EndpointBalancer): void {
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
      if (!this.#counts) return endpoint;
      if (best === undefined || this.#stateOf(endpoint).active < this.#stateOf(best).active) best = endpoint;
    }
    return best;
  }

  #stateOf(endpoint: Endpoint): EndpointState {
    return this.#health.stateOf(endpoint);
  }

  #isPenalised(endpoint: Endpoint): boolean {
    const until = this.#penalised.get(endpoint.text);
    if (until === undefined) return false;
    const left = until - this.#clock.now();
    // A clock that stepped back makes no penalty longer.
    if (left > 0 && left <= PENALTY) return true;
    this.#penalised.delete(endpoint.text);
    return false;
  }
}

/** What of a list passes, or the whole list when nothing does. */
function narrow(endpoints: readonly Endpoint[], passes: (endpoint: Endpoint) => boolean): readonly Endpoint[] {
  const rest = endpoints.filter(passes);
  return rest.length === 0 ? endpoints : rest;
}
