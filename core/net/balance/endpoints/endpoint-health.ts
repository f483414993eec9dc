import type { SchedulerLike } from "rxjs";
import { defaultEjection, type AnyErrorCode, type EjectionTarget, type UpstreamTarget } from "../../../contract/index.ts";
import type { Candidate } from "./candidate.ts";
import type { EndpointState } from "./endpoint-state.ts";
import type { Outage } from "./outage.ts";
import type { ListenerHealth } from "./health-book.ts";

/** The random part of the time that an endpoint is out, so that not all proxies return to it at once. */
const JITTER = 0.1;

/** An endpoint is never put out for its failures. */
const never: EjectionTarget = { ...defaultEjection, failures: Infinity };

export interface UpstreamHealthOptions {
  /** The upstream's option. */
  readonly ejection: UpstreamTarget["ejection"];
  /** Tells the time (epoch milliseconds), and schedules the end of an ejection. */
  readonly clock: SchedulerLike;
  /** From 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** The upstream was already in panic before a reload. */
  readonly panic: boolean;
  /** Its backups were used before a reload already. */
  readonly backedUp: boolean;
}

/** Endpoints that replace one another: either the backups, or all others. */
class Tier {
  readonly #mostOut: number;

  constructor(readonly all: readonly Candidate[]) {
    this.#mostOut = Math.floor(all.length / 2);
  }

  /** Whether at least one of them works. Then failing ones that may not be put out are used too. */
  get isUp(): boolean {
    return this.all.some(({ standing }) => !standing.isOut && !standing.isFailing);
  }

  get hasRoom(): boolean {
    return this.all.filter(({ standing }) => standing.ejected !== undefined).length < this.#mostOut;
  }

  get up(): readonly Candidate[] {
    return this.all.filter(({ standing }) => !standing.isOut);
  }
}

/**
 * Which endpoints of an upstream may be used (ADR 0017, ADR 0031). An endpoint that fails too often in a row is out for a while; at most half of a
 * tier is out at once. When all endpoints except the backups are down, the backups are used; when the backups are down too, all endpoints are used
 * (panic).
 */
export class UpstreamHealth {
  readonly #first: Tier;
  readonly #backups: Tier;
  readonly #ejection: EjectionTarget;
  #usable: readonly Candidate[] = [];
  #seen = -1;
  /** When the next ejection ends, in epoch milliseconds. */
  #lookAt = Infinity;
  #panic: boolean;
  #backedUp: boolean;

  /** @param candidates those with a weight */
  constructor(
    private readonly candidates: readonly Candidate[],
    private readonly owner: ListenerHealth,
    private readonly options: UpstreamHealthOptions,
  ) {
    this.#first = new Tier(candidates.filter(({ backup }) => !backup));
    this.#backups = new Tier(candidates.filter(({ backup }) => backup));
    const { ejection = defaultEjection } = options;
    this.#ejection = ejection === false ? never : ejection;
    this.#panic = options.panic;
    this.#backedUp = options.backedUp;
  }

  /** All endpoints are down. */
  get panic(): boolean {
    this.#refresh();
    return this.#panic;
  }

  /** Backups are used, since all others are down. */
  get backedUp(): boolean {
    this.#refresh();
    return this.#backedUp;
  }

  /** The endpoints that sessions may go to: the same array as long as nothing changes. */
  get usable(): readonly Candidate[] {
    this.#refresh();
    return this.#usable;
  }

  /** Backups that could be used, also while they are not in use. */
  get backups(): readonly Candidate[] {
    return this.#backups.up;
  }

  /**
   * An endpoint that a session should try while backups are in use. It is failing, but was not put out since too many already were, so no timer
   * brings it back: one session tries it now and then.
   */
  probe(): Candidate | undefined {
    if (this.#usable[0]?.backup !== true || this.#panic) return undefined;
    const now = this.options.clock.now();
    const due = this.#first.all.find(
      ({ standing, isFull }) => !standing.isOut && !isFull && now - standing.failedAt >= this.#ejection.time,
    );
    if (due !== undefined) due.standing.failedAt = now;
    return due;
  }

  /** An attempt failed: the connection, or a reset before the first byte. */
  failed({ standing, backup }: Candidate, code: AnyErrorCode): void {
    const { failures } = this.#ejection;
    standing.failed(failures, this.options.clock.now());
    this.owner.events?.failed();
    const tier = backup ? this.#backups : this.#first;
    if (standing.failures >= failures && standing.ejected === undefined && tier.hasRoom) this.#eject(standing, code);
    this.#refresh();
  }

  /** It answered. */
  worked({ standing }: Candidate): void {
    if (standing.failures === 0) return;
    // It was used in a panic, as all were down: so this one is up again.
    if (standing.ejected !== undefined && this.panic) standing.readmit(this.options.clock.now());
    if (standing.ejected === undefined) standing.worked();
    this.#refresh();
  }

  #eject(standing: EndpointState, code: AnyErrorCode): void {
    const { clock, random } = this.options;
    const { time, maxTime } = this.#ejection;
    const now = clock.now();
    // It was not put out for so long that the past no longer counts.
    if (now - standing.backAt >= maxTime) standing.times = 0;
    const length = Math.min(maxTime, time * (standing.times + 1) * (1 + JITTER * random()));
    const outage: Outage = { why: "failures", code, since: now, until: Math.round(now + length) };
    if (this.owner.asks(standing, outage)) return;
    const end = clock.schedule(() => standing.readmit(clock.now()), length);
    standing.eject(outage, end);
  }

  /**
   * Works the usable endpoints out again after a change: of a state, or because an ejection has ended by the clock, which may have been put forward.
   */
  #refresh(): void {
    if (this.#lookAt !== Infinity) this.#look(this.options.clock.now());
    if (this.#seen === this.owner.version) return;
    this.#seen = this.owner.version;
    const { candidates } = this;
    this.#lookAt = Math.min(...candidates.map(({ standing }) => standing.ejected?.until ?? Infinity));
    const before = this.#panic;
    this.#panic = this.#areAllDown();
    this.#usable = this.#panic ? candidates : this.#chosenTier();
    if (this.#panic && !before) this.owner.events?.panic(this.owner.listener, addressesOf(candidates));
    this.#noteBackups();
  }

  #noteBackups(): void {
    const before = this.#backedUp;
    this.#backedUp = !this.#panic && this.#usable[0]?.backup === true;
    if (!this.#backedUp || before) return;
    this.owner.events?.backedUp(this.owner.listener, addressesOf(this.#first.all), addressesOf(this.#usable));
  }

  /** A single endpoint stays in use however often it fails; it is down only when its health check says so. */
  #areAllDown(): boolean {
    if (this.#first.isUp || this.#backups.isUp) return false;
    return this.candidates.length > 1 || this.candidates.some(({ standing }) => standing.isOut);
  }

  #chosenTier(): readonly Candidate[] {
    const [first, backups] = [this.#first, this.#backups];
    return first.isUp || !backups.isUp ? orAll(first.up, this.candidates) : backups.up;
  }

  #look(now: number): void {
    if (now < this.#lookAt) return;
    for (const { standing } of this.candidates) if (now >= (standing.ejected?.until ?? Infinity)) standing.readmit(now);
  }
}

function addressesOf(candidates: readonly Candidate[]): readonly string[] {
  return candidates.map(({ address }) => address);
}

function orAll(some: readonly Candidate[], all: readonly Candidate[]): readonly Candidate[] {
  return some.length === 0 || some.length === all.length ? all : some;
}
