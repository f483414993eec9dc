import { LRUCache } from "lru-cache";
import type { SchedulerLike, Subscription } from "rxjs";
import type { Endpoint, ErrorCode } from "../../contract/index.ts";

/** Failures in a row that put an endpoint out. */
const MOST_FAILURES = 5;
/** How long it is out, in milliseconds: so much for each time, and no longer than the other. */
const OUT = 30_000;
const MOST_OUT = 300_000;
/** The part of that time that is added by chance, lest all proxies come back at once. */
const JITTER = 0.1;
/** Endpoints of a listener of which something is kept: plugins may choose any. */
const MAX_ENDPOINTS = 1_000;

/** Told what becomes of endpoints. */
export interface HealthEvents {
  /** @param until epoch milliseconds */
  down(listener: string, endpoint: string, state: { readonly failures: number; readonly code: ErrorCode; readonly until: number }): void;
  up(listener: string, endpoint: string): void;
  /** All endpoints of an upstream are down, so all are used. */
  panic(listener: string, endpoints: readonly string[]): void;
  failed(): void;
}

/** What is known of one endpoint of one listener, whichever upstream and generation it is reached by. */
export interface EndpointState {
  /** Attempts that failed in a row. */
  failures: number;
  /** Open legs, those that are being opened, and requests under way. */
  active: number;
  /** Epoch milliseconds; undefined: it is in use. */
  until: number | undefined;
  /** How often it was put out, and when it was last back. */
  times: number;
  backAt: number;
  end: Subscription | undefined;
}

/** The state of all endpoints of a proxy. It belongs to no generation, so a reload keeps it. */
export class HealthBook {
  readonly #listeners = new Map<string, LRUCache<string, EndpointState>>();

  constructor(readonly events: HealthEvents | undefined) {}

  /** The state of an endpoint. @param text of the endpoint, as written */
  of(listener: string, text: string): EndpointState {
    let states = this.#listeners.get(listener);
    if (states === undefined) {
      states = new LRUCache({ max: MAX_ENDPOINTS, dispose: ({ end }) => end?.unsubscribe() });
      this.#listeners.set(listener, states);
    }
    let state = states.get(text);
    if (state === undefined) {
      state = { failures: 0, active: 0, until: undefined, times: 0, backAt: Number.NEGATIVE_INFINITY, end: undefined };
      states.set(text, state);
    }
    return state;
  }

  /** Forgets an endpoint that a reload removed. */
  forget(listener: string, text: string): void {
    this.#listeners.get(listener)?.delete(text);
  }

  close(): void {
    for (const states of this.#listeners.values()) states.clear();
    this.#listeners.clear();
  }
}

export interface UpstreamHealthOptions {
  readonly listener: string;
  /** Epoch milliseconds, and the end of an ejection. */
  readonly clock: SchedulerLike;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/**
 * Passive health of an upstream's endpoints (ADR 0017): one that fails five times in a row is out for a while, at most half of them at
 * once; where all are down, all are used.
 */
export class UpstreamHealth {
  readonly #mostOut: number;
  readonly #states: ReadonlyMap<Endpoint, EndpointState>;
  #panic = false;

  constructor(
    private readonly endpoints: readonly Endpoint[],
    private readonly book: HealthBook,
    private readonly options: UpstreamHealthOptions,
  ) {
    this.#mostOut = Math.floor(endpoints.length / 2);
    this.#states = new Map(endpoints.map((endpoint) => [endpoint, book.of(options.listener, endpoint.text)]));
  }

  stateOf(endpoint: Endpoint): EndpointState {
    return this.#states.get(endpoint) ?? this.book.of(this.options.listener, endpoint.text);
  }

  /** All endpoints are down. */
  get panic(): boolean {
    return this.#panic;
  }

  /** The endpoints that sessions may go to. */
  get usable(): readonly Endpoint[] {
    if (this.#panic) this.#see();
    if (this.#panic) return this.endpoints;
    if (!this.endpoints.some((endpoint) => this.#isOut(endpoint))) return this.endpoints;
    const usable = this.endpoints.filter((endpoint) => !this.#isOut(endpoint));
    return usable.length === 0 ? this.endpoints : usable;
  }

  /** An attempt failed: the connection, or a reset before the first byte. */
  failed(endpoint: Endpoint, code: ErrorCode): void {
    const state = this.stateOf(endpoint);
    state.failures += 1;
    this.book.events?.failed();
    if (state.failures >= MOST_FAILURES && state.until === undefined && this.#outCount() < this.#mostOut)
      this.#putOut(endpoint, state, code);
    this.#see();
  }

  /** It answered. */
  worked(endpoint: Endpoint): void {
    const state = this.stateOf(endpoint);
    if (state.failures === 0) return;
    // It was used since all were down: so one is up.
    if (state.until !== undefined && this.#panic) this.#back(endpoint, state);
    if (state.until === undefined) state.failures = 0;
    this.#see();
  }

  #putOut(endpoint: Endpoint, state: EndpointState, code: ErrorCode): void {
    const { clock, random, listener } = this.options;
    const now = clock.now();
    // So long without another: the past does not count.
    if (now - state.backAt >= MOST_OUT) state.times = 0;
    state.times += 1;
    const length = Math.min(MOST_OUT, OUT * state.times * (1 + JITTER * random()));
    state.until = Math.round(now + length);
    state.end = clock.schedule(() => this.#back(endpoint, state), length);
    this.book.events?.down(listener, endpoint.text, { failures: state.failures, code, until: state.until });
  }

  #back(endpoint: Endpoint, state: EndpointState): void {
    if (state.until === undefined) return;
    state.end?.unsubscribe();
    state.end = undefined;
    state.until = undefined;
    state.failures = 0;
    state.backAt = this.options.clock.now();
    this.#see();
    this.book.events?.up(this.options.listener, endpoint.text);
  }

  /** The timer counts, and a clock that was put forward. */
  #isOut(endpoint: Endpoint): boolean {
    const state = this.stateOf(endpoint);
    if (state.until !== undefined && this.options.clock.now() >= state.until) this.#back(endpoint, state);
    return state.until !== undefined;
  }

  #outCount(): number {
    return this.endpoints.filter((endpoint) => this.#isOut(endpoint)).length;
  }

  /** Down are those that are out, and those that would be if more might. */
  #see(): void {
    const before = this.#panic;
    const isDown = (endpoint: Endpoint): boolean => this.#isOut(endpoint) || this.stateOf(endpoint).failures >= MOST_FAILURES;
    this.#panic = this.#mostOut > 0 && this.endpoints.every(isDown);
    if (!this.#panic || before) return;
    this.book.events?.panic(
      this.options.listener,
      this.endpoints.map(({ text }) => text),
    );
  }
}
