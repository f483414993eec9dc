import type { Observable } from "rxjs";
import type { Outage } from "./outage.ts";

/** The state of an endpoint that other processes have to know: that it was put out for its failures, or that its check failed. */
export interface EndpointStanding {
  readonly listener: string;
  /** As written in the config. */
  readonly endpoint: string;
  readonly what: "ejected" | "unfit";
  /** Undefined: the outage is over. */
  readonly outage: Outage | undefined;
}

/** A standing that is in force in all processes. */
export interface AgreedStanding extends EndpointStanding {
  /** How often endpoints of the listener have been put out so far. */
  readonly version: number;
  /** This process has asked for it, so it also announces it. */
  readonly own: boolean;
}

/**
 * The other processes that have the same endpoints (`workers`). A process that wants to put an endpoint out asks. Standings that come back in
 * `agreed` are in force for all, also for the one that asked, and in the same order for all. So two processes cannot put out two endpoints at the
 * same time when one of them has to stay.
 */
export interface HealthPeers {
  /** This process does the health checks, for all. */
  readonly checks: boolean;
  readonly agreed: Observable<AgreedStanding>;
  /**
   * An endpoint failed too often in a row.
   * @param seen the version that the decision was based on; the request is dropped if there is a newer one
   * @returns the newest version; undefined: nobody answers, so this process decides alone
   */
  eject(standing: EndpointStanding, seen: number): Promise<number | undefined>;
  /** Reports a standing of this process. */
  tell(standing: EndpointStanding): void;
  /** A reload has removed the endpoint. */
  forget(listener: string, endpoint: string): void;
}
