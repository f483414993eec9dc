import type { Subscription } from "rxjs";
import type { AgreedStanding } from "./health-peers.ts";
import type { Outage } from "./outage.ts";
import { SluiceError } from "../../../contract/index.ts";

/** The owner of endpoint states, which is told when they change. */
export interface StateOwner {
  /** The endpoint's number of sessions changed. */
  loaded(state: EndpointState): void;
  /** Something that decides whether the endpoint is used has changed. */
  changed(): void;
  /** The endpoint went down or came up. @param ended the outage that is over; undefined: it went down */
  announce(state: EndpointState, ended: Outage | undefined): void;
  /** Other processes have to know: the endpoint is no longer out, or the result of its check has changed. */
  tell(state: EndpointState, what: "ejected" | "unfit"): void;
}

/** An open leg. */
export interface OpenLeg {
  /** Cuts the leg: it must not be used any more. */
  sever(error: SluiceError): void;
}

/** The state of one endpoint of one listener, shared by all its upstreams and generations. */
export class EndpointState {
  /** Attempts that failed in a row, and the time of the last one. */
  failures = 0;
  failedAt = Number.NEGATIVE_INFINITY;
  /** It failed so often in a row that it is put out, if that is allowed. */
  isFailing = false;
  /** Open legs, legs that are being opened, and requests under way. */
  active = 0;
  /** Set while the endpoint is out for a while, after too many failures in a row. */
  ejected: Outage | undefined;
  /** Set while the endpoint is down because its check failed too often in a row. */
  unfit: Outage | undefined;
  /** How often it was put out, and when it last came back. */
  times = 0;
  backAt = Number.NEGATIVE_INFINITY;
  /** Checks in a row that passed, or failed. */
  #passes = 0;
  #misses = 0;
  /** Legs that are to be cut when it goes down. */
  #legs: Set<OpenLeg> | undefined;
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

  opened(): void {
    this.active += 1;
    this.owner.loaded(this);
  }

  closed(): void {
    this.active -= 1;
    this.owner.loaded(this);
  }

  /** An attempt failed. @param most failures in a row after which it is failing @param now epoch milliseconds */
  failed(most: number, now: number): void {
    this.failures += 1;
    this.failedAt = now;
    if (!this.isFailing && this.failures >= most) this.#fails(true);
  }

  /** An attempt succeeded. */
  worked(): void {
    this.failures = 0;
    if (this.isFailing) this.#fails(false);
  }

  /** Puts it out. */
  eject(outage: Outage, end: Subscription): void {
    this.#eject(outage, end, true);
  }

  /**
   * Takes over what another process reports about the endpoint.
   *
   * @param end makes the end of an ejection
   */
  follow({ what, outage, own }: AgreedStanding, end: (outage: Outage) => Subscription): void {
    if (what === "unfit") this.#check(outage, Date.now(), own);
    else if (outage === undefined) this.#readmit(Date.now(), own);
    else if (this.ejected === undefined) this.#eject(outage, end(outage), own);
  }

  /** Its ejection is over. @param now epoch milliseconds */
  readmit(now: number): void {
    if (this.#readmit(now, true)) this.owner.tell(this, "ejected");
  }

  /** Its check passed. @param rise passed checks in a row after which it is up again @param now epoch milliseconds */
  passed(rise: number, now: number): void {
    this.#misses = 0;
    this.#passes += 1;
    if (this.isFailing) this.worked();
    this.readmit(now);
    if (this.#passes >= rise) this.unchecked(now);
  }

  /** Its check failed. @param fall failed checks in a row after which it is down @param now epoch milliseconds */
  missed({ code, detail }: SluiceError, fall: number, now: number): void {
    this.#passes = 0;
    this.#misses += 1;
    if (this.#misses < fall || this.unfit !== undefined) return;
    this.#check({ why: "check", code, detail, since: now, until: undefined }, now, true);
    this.owner.tell(this, "unfit");
  }

  /** The endpoint is no longer down by its check: the check passes again, or is gone. @param now epoch milliseconds */
  unchecked(now: number): void {
    if (this.unfit === undefined) return;
    this.#check(undefined, now, true);
    this.owner.tell(this, "unfit");
  }

  /** Registers a leg that is to be cut when the endpoint goes down. */
  hold(leg: OpenLeg): void {
    (this.#legs ??= new Set()).add(leg);
  }

  letGo(leg: OpenLeg): void {
    this.#legs?.delete(leg);
  }

  /** A reload has removed it. Its open legs go on, and count if another reload brings it back: nothing else is known of it then. */
  forget(): void {
    this.end?.unsubscribe();
    this.end = this.ejected = this.unfit = undefined;
    this.failures = this.times = this.#passes = this.#misses = 0;
    this.failedAt = this.backAt = Number.NEGATIVE_INFINITY;
    this.#fails(false);
  }

  #fails(isFailing: boolean): void {
    this.isFailing = isFailing;
    this.owner.changed();
  }

  #eject(outage: Outage, end: Subscription, announced: boolean): void {
    this.times += 1;
    this.end = end;
    this.#turn(() => (this.ejected = outage), announced);
  }

  #check(outage: Outage | undefined, now: number, announced: boolean): void {
    if ((outage === undefined) === (this.unfit === undefined)) return;
    if (outage === undefined) this.backAt = now;
    this.#turn(() => (this.unfit = outage), announced);
  }

  /** @returns whether it was out */
  #readmit(now: number, announced: boolean): boolean {
    if (this.ejected === undefined) return false;
    this.end?.unsubscribe();
    this.end = undefined;
    this.worked();
    this.backAt = now;
    this.#turn(() => (this.ejected = undefined), announced);
    return true;
  }

  #turn(change: () => void, announced = true): void {
    const before = this.outage;
    change();
    this.owner.changed();
    if ((before === undefined) === (this.outage === undefined)) return;
    if (announced) this.owner.announce(this, before);
    if (before !== undefined) return;
    const error = new SluiceError("SLUICE_UPSTREAM_DOWN", `upstream ${this.text} is down`);
    for (const leg of this.#legs ?? []) leg.sever(error);
  }
}
