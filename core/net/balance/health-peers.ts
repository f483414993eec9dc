import type { Observable } from "rxjs";
import type { Outage } from "./outage.ts";

/** What another process is to know of an endpoint: that it was put out for its failures, or what its check says. */
export interface Standing {
  readonly listener: string;
  /** As written in the config. */
  readonly endpoint: string;
  readonly what: "ejected" | "unfit";
  /** Undefined: it is so no more. */
  readonly outage: Outage | undefined;
}

/** One that is in force in all processes. */
export interface AgreedStanding extends Standing {
  /** How often endpoints of the listener have been put out. */
  readonly version: number;
  /** This process has asked for it, and tells of it. */
  readonly own: boolean;
}

/**
 * The other processes that have the same endpoints (`workers`). Whoever wants an endpoint out asks; what comes back in `agreed` is in force, for
 * whoever asked too, in one order for all: so no two are put out at the same time of which one has to stay.
 */
export interface HealthPeers {
  /** This process does the health checks, for all. */
  readonly checks: boolean;
  readonly agreed: Observable<AgreedStanding>;
  /**
   * An endpoint failed too often in a row.
   * @param seen the version that this was decided on: one that is not the newest is dropped
   * @returns the newest; undefined: nobody says anything, so this process decides alone
   */
  eject(standing: Standing, seen: number): Promise<number | undefined>;
  /** It is so now, here. */
  tell(standing: Standing): void;
  /** A reload has removed it. */
  forget(listener: string, endpoint: string): void;
}
