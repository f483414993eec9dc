import { asyncScheduler, type SchedulerLike } from "rxjs";
import {
  SluiceError,
  type Balance,
  type Endpoint,
  type AnyErrorCode,
  type RequestFacts,
  type SessionFacts,
  type UpstreamTarget,
} from "../../contract/index.ts";
import { AddressTurns } from "./address-turns.ts";
import { Candidate } from "./endpoints/candidate.ts";
import { createPolicy } from "./policies/create-policy.ts";
import { UpstreamHealth } from "./endpoints/endpoint-health.ts";
import type { OpenLeg } from "./endpoints/endpoint-state.ts";
import { HealthBook, type ListenerHealth } from "./endpoints/health-book.ts";
import { Penalties } from "./endpoints/penalties.ts";
import type { Policy } from "./policies/policy.ts";
import { SlowStart } from "./endpoints/slow-start.ts";
import { SessionQueue } from "./endpoints/session-queue.ts";
import { Turns } from "./policies/turns.ts";

/** Chooses among an upstream's endpoints. One per listener and generation; sessions share its state, which a reload keeps. */
export interface Balancer {
  /** All of them are down, so all are used. */
  readonly panic: boolean;
  /** There are several endpoints, so the result of each attempt matters. */
  readonly judges: boolean;
  /** The queue in which sessions wait while no endpoint has room; undefined: they do not wait. */
  readonly queue: SessionQueue | undefined;
  /** Legs to an endpoint that goes down are cut. */
  readonly severs: boolean;
  /**
   * The endpoint for the next try. Only endpoints that are not out and have room are candidates. Those not in `tried` are preferred, and among them
   * those that did not fail within the last second; then the policy chooses.
   * @throws SLUICE_UPSTREAM_BUSY when each has as many sessions as it may have
   * @throws SLUICE_BALANCE_FAILED when a function of the config fails
   */
  next(tried: ReadonlySet<Endpoint>, session?: SessionFacts, request?: RequestFacts): Endpoint;
  /** A leg to the endpoint is being opened. */
  opened(endpoint: Endpoint): void;
  /** The leg has ended, or was never opened after all. Once per `opened`. */
  closed(endpoint: Endpoint): void;
  /** A try at the endpoint failed. */
  failed(endpoint: Endpoint, code: AnyErrorCode): void;
  /** An attempt to open a connection is over; for the metrics. */
  attempted(endpoint: Endpoint, milliseconds: number, ok: boolean): void;
  /** Lets the endpoint be tried last for a while. Its health does not change. */
  penalise(endpoint: Endpoint): void;
  /** It answered. */
  worked(endpoint: Endpoint): void;
  /** Registers an open leg to the endpoint: it is cut when the endpoint goes down. */
  hold(endpoint: Endpoint, leg: OpenLeg): void;
  letGo(endpoint: Endpoint, leg: OpenLeg): void;
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
  /** The listener's name, which the state is kept under. @default "" */
  readonly listener?: string;
  /** The balancer of the previous generation: turns go on where it stopped. */
  readonly before?: Balancer | undefined;
}

/** Makes the balancer of an upstream. */
export function createBalancer(target: UpstreamTarget, options: BalancerOptions = {}): Balancer {
  return new EndpointBalancer(target, options);
}

const defaults = { random: Math.random, clock: asyncScheduler, listener: "" } as const;

/** What a balancer passes on to the balancer of the next generation. */
interface Legacy {
  readonly book: HealthBook | undefined;
  readonly panic: boolean;
  readonly backedUp: boolean;
  readonly turns: Turns | undefined;
  readonly candidates: readonly Candidate[];
  readonly penalties: Penalties | undefined;
  readonly addressTurns: ReadonlyMap<string, AddressTurns>;
  readonly balance: Balance | undefined;
  readonly queue: SessionQueue | undefined;
}

const nothing: Legacy = {
  book: undefined,
  panic: false,
  backedUp: false,
  turns: undefined,
  candidates: [],
  penalties: undefined,
  addressTurns: new Map(),
  balance: undefined,
  queue: undefined,
};

class EndpointBalancer implements Balancer {
  readonly judges: boolean;
  readonly book: HealthBook;
  readonly queue: SessionQueue | undefined;
  readonly #owner: ListenerHealth;
  readonly #candidates: ReadonlyMap<Endpoint, Candidate>;
  /** The only endpoint, where there is nothing to choose or to wait for. */
  readonly #only: Endpoint | undefined;
  /** Whether an endpoint has `maxSessions`. */
  readonly #isLimited: boolean;
  readonly #policy: Policy;
  readonly #turns: Turns;
  readonly #health: UpstreamHealth;
  readonly #penalties: Penalties;
  readonly #random: () => number;
  #addressTurns = new Map<string, AddressTurns>();
  readonly #slowStart: SlowStart | undefined;
  #prepared: readonly Candidate[] | undefined;

  constructor(
    private readonly target: UpstreamTarget,
    options: BalancerOptions,
  ) {
    const { random, clock, listener } = { ...defaults, ...options };
    const known = options.before instanceof EndpointBalancer ? options.before.#legacy : nothing;
    const { endpoints, ejection } = target;
    this.book = options.health ?? known.book ?? new HealthBook(undefined);
    this.#random = random;
    this.#owner = this.book.listener(listener);
    this.#candidates = new Map(endpoints.map((endpoint, at) => [endpoint, new Candidate(endpoint, this.#owner.of(endpoint.text), at)]));
    const all = [...this.#candidates.values()];
    this.#isLimited = endpoints.some(({ maxSessions }) => maxSessions !== undefined);
    const weighed = all.filter(({ full }) => full > 0);
    this.#health = new UpstreamHealth(weighed, this.#owner, { ejection, clock, random, panic: known.panic, backedUp: known.backedUp });
    this.#turns = known.turns ?? new Turns();
    takeOver(all, known.candidates);
    this.#policy = createPolicy(target, all, { random, changes: this.#owner.changes, turns: this.#turns });
    this.#penalties = new Penalties(clock, known.penalties);
    if (known.balance === target.balance) this.#addressTurns = turnsOf(endpoints, known.addressTurns);
    this.judges = endpoints.length > 1;
    this.#only = onlyOf(target);
    this.queue = queueOf(target, this.#owner, known.queue);
    const { slowStart = 0 } = target;
    this.#slowStart = slowStart > 0 ? new SlowStart(weighed, slowStart, clock, this.#owner) : undefined;
  }

  /** What the next generation continues with. */
  get #legacy(): Legacy {
    const { book, panic } = this;
    return {
      book,
      panic,
      backedUp: this.#health.backedUp,
      turns: this.#turns,
      candidates: [...this.#candidates.values()],
      penalties: this.#penalties,
      addressTurns: this.#addressTurns,
      balance: this.target.balance,
      queue: this.queue,
    };
  }

  get panic(): boolean {
    return this.#health.panic;
  }

  get severs(): boolean {
    return this.target.onDown === "close";
  }

  next(tried: ReadonlySet<Endpoint>, session?: SessionFacts, request?: RequestFacts): Endpoint {
    if (this.#only !== undefined) return this.#only;
    const { usable } = this.#health;
    if (this.#slowStart?.step() === true || usable !== this.#prepared) {
      this.#prepared = usable;
      this.#policy.prepare?.(usable);
    }
    return (this.#health.probe() ?? this.#pick(this.#untried(usable, tried), session, request)).endpoint;
  }

  opened(endpoint: Endpoint): void {
    this.#of(endpoint).standing.opened();
  }

  closed(endpoint: Endpoint): void {
    this.#of(endpoint).standing.closed();
  }

  failed(endpoint: Endpoint, code: AnyErrorCode): void {
    this.penalise(endpoint);
    this.#health.failed(this.#of(endpoint), code);
  }

  attempted({ text }: Endpoint, milliseconds: number, ok: boolean): void {
    this.book.events?.attempted(this.#owner.listener, text, milliseconds, ok);
  }

  penalise(endpoint: Endpoint): void {
    if (this.judges) this.#penalties.add(endpoint);
  }

  worked(endpoint: Endpoint): void {
    this.#health.worked(this.#of(endpoint));
  }

  hold(endpoint: Endpoint, leg: OpenLeg): void {
    this.#of(endpoint).standing.hold(leg);
  }

  letGo(endpoint: Endpoint, leg: OpenLeg): void {
    this.#of(endpoint).standing.letGo(leg);
  }

  turnsOf(endpoint: Endpoint): AddressTurns {
    let turns = this.#addressTurns.get(endpoint.text);
    if (turns === undefined) {
      turns = new AddressTurns(this.target.balance, this.#random, () => performance.now());
      this.#addressTurns.set(endpoint.text, turns);
    }
    return turns;
  }

  /** Prefers those among the wanted that have not just failed. */
  #pick(wanted: readonly Candidate[], session: SessionFacts | undefined, request?: RequestFacts): Candidate {
    const best = this.#penalties.narrow(wanted);
    // A function of the config sees only endpoints that may be chosen. Other policies choose first: room is checked only when the chosen one is full.
    const shown = typeof this.target.balance === "function" ? this.#withRoom(best, wanted) : best;
    const chosen = this.#judge(shown, session, request);
    return chosen.isFull ? this.#judge(this.#withRoom(best, wanted), session, request) : chosen;
  }

  #judge(candidates: readonly Candidate[], session: SessionFacts | undefined, request?: RequestFacts): Candidate {
    try {
      return this.#policy.pick(candidates, session, request);
    } catch (error) {
      if (SluiceError.is(error)) this.book.events?.misjudged(this.#owner.listener, error);
      throw error;
    }
  }

  /** The endpoints that this session has not tried, backups among them; all usable ones if it has tried each. */
  #untried(usable: readonly Candidate[], tried: ReadonlySet<Endpoint>): readonly Candidate[] {
    if (tried.size === 0) return usable;
    const isUntried = ({ endpoint }: Candidate): boolean => !tried.has(endpoint);
    const untried = usable.filter(isUntried);
    const spare = untried.length > 0 ? untried : this.#health.backups.filter(isUntried);
    return spare.length > 0 ? spare : usable;
  }

  /**
   * A session that may wait waits for the endpoints that it wants; another one goes back to those that it has tried.
   * @throws SLUICE_UPSTREAM_BUSY
   */
  #withRoom(best: readonly Candidate[], wanted: readonly Candidate[]): readonly Candidate[] {
    if (!this.#isLimited) return best;
    const chosen = firstWithRoom(best, wanted, this.queue === undefined ? this.#health.usable : wanted);
    if (chosen.length > 0) return chosen;
    const addresses = wanted.map(({ address }) => address).join(", ");
    throw new SluiceError("SLUICE_UPSTREAM_BUSY", `upstream ${addresses}: maxSessions are open everywhere`);
  }

  #of(endpoint: Endpoint): Candidate {
    return this.#candidates.get(endpoint) ?? new Candidate(endpoint, this.#owner.of(endpoint.text), -1);
  }
}

/** Those with room of the first group that has some: the group itself if all of them have. */
function firstWithRoom(...groups: readonly (readonly Candidate[])[]): readonly Candidate[] {
  for (const group of groups) {
    const free = group.filter(({ isFull }) => !isFull);
    if (free.length > 0) return free.length === group.length ? group : free;
  }
  return [];
}

/** The endpoint, if it is the only one and has no limit or health check to wait for. */
function onlyOf({ endpoints: [first, ...others], health }: UpstreamTarget): Endpoint | undefined {
  return others.length === 0 && first?.maxSessions === undefined && health === undefined ? first : undefined;
}

/** The queue for room. A reload keeps it, with the sessions that wait in it; its options change when the reload is committed. */
function queueOf({ queue }: UpstreamTarget, owner: ListenerHealth, before: SessionQueue | undefined): SessionQueue | undefined {
  return queue === undefined ? undefined : (before ?? new SessionQueue(owner.line, queue));
}

/** The turns of endpoints that were there before go on. */
function takeOver(candidates: readonly Candidate[], before: readonly Candidate[]): void {
  const turns = new Map(before.map(({ address, turn }) => [address, turn]));
  for (const candidate of candidates) candidate.turn = turns.get(candidate.address) ?? 0;
}

/** The turns of the endpoints that are still there. */
function turnsOf(endpoints: readonly Endpoint[], before: ReadonlyMap<string, AddressTurns>): Map<string, AddressTurns> {
  const texts = new Set(endpoints.map(({ text }) => text));
  return new Map([...before].filter(([text]) => texts.has(text)));
}
