import type { Subscription } from "rxjs";
import type { AnyErrorCode } from "../../contract/index.ts";

/** Failures in a row that make an endpoint down. */
export const MOST_FAILURES = 5;

/** Why an endpoint gets no sessions. */
export interface Outage {
  /** `failures`: of sessions, in a row. `check`: its health check. */
  readonly why: "failures" | "check";
  /** Of the last failure. */
  readonly code: AnyErrorCode;
  /** What the check found; undefined: it was none. */
  readonly detail?: string | undefined;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Epoch milliseconds; undefined: until its check passes. */
  readonly until: number | undefined;
}

/** Who keeps states, and is told of their changes. */
export interface StateOwner {
  /** Sessions of it began or ended. */
  loaded(state: EndpointState): void;
  /** It does better or worse. */
  changed(): void;
  /** It went down or came up. */
  announce(state: EndpointState): void;
}

/** What is known of one endpoint of one listener, whichever upstream and generation it is reached by. */
export class EndpointState {
  /** Attempts that failed in a row, and when the last one did. */
  failures = 0;
  failedAt = Number.NEGATIVE_INFINITY;
  /** Open legs, those that are being opened, and requests under way. */
  active = 0;
  /** It failed too often in a row, and is out for a while; undefined: it is not. */
  ejected: Outage | undefined;
  /** Its check failed too often in a row; undefined: it did not. */
  unfit: Outage | undefined;
  /** How often it was put out, and when it was last back. */
  times = 0;
  backAt = Number.NEGATIVE_INFINITY;
  /** The end of its ejection. */
  end: Subscription | undefined;

  /** @param text as written in the config */
  constructor(
    readonly text: string,
    private readonly owner: StateOwner,
  ) {}

  get outage(): Outage | undefined {
    return this.unfit ?? this.ejected;
  }

  get isOut(): boolean {
    return this.ejected !== undefined || this.unfit !== undefined;
  }

  /** It failed so often in a row that it would be out if it might. */
  get isFailing(): boolean {
    return this.failures >= MOST_FAILURES;
  }

  opened(): void {
    this.active += 1;
    this.owner.loaded(this);
  }

  closed(): void {
    this.active -= 1;
    this.owner.loaded(this);
  }

  /** An attempt failed. @param now epoch milliseconds */
  failed(now: number): void {
    this.failures += 1;
    this.failedAt = now;
    if (this.failures === MOST_FAILURES) this.owner.changed();
  }

  /** It does well. */
  worked(): void {
    if (this.isFailing) this.owner.changed();
    this.failures = 0;
  }

  /** Puts it out. */
  eject(outage: Outage, end: Subscription): void {
    this.times += 1;
    this.end = end;
    this.#turn(() => (this.ejected = outage));
  }

  /** Its ejection is over. @param now epoch milliseconds */
  readmit(now: number): void {
    if (this.ejected === undefined) return;
    this.end?.unsubscribe();
    this.end = undefined;
    this.worked();
    this.backAt = now;
    this.#turn(() => (this.ejected = undefined));
  }

  /** Says what its check thinks of it. @param outage undefined: it passed @param now epoch milliseconds */
  judged(outage: Outage | undefined, now: number): void {
    if (outage === undefined && this.isOut) this.backAt = now;
    this.#turn(() => {
      this.unfit = outage;
      if (outage !== undefined) return;
      this.end?.unsubscribe();
      this.end = this.ejected = undefined;
      this.worked();
    });
  }

  #turn(change: () => void): void {
    const before = this.isOut;
    change();
    this.owner.changed();
    if (before !== this.isOut) this.owner.announce(this);
  }
}
