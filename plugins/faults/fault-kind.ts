import type { Observable, SchedulerLike } from "rxjs";
import type { Place, Session } from "sluice";
import type { z } from "zod";
import type { CommonOptions } from "./every-fault.ts";

export type Direction = "fromClient" | "fromUpstream";

/** One direction of one session, or its opening, as a fault sees it. It lives as long as the session: a reload hands it on. */
export interface Way {
  readonly session: Session;
  readonly clock: SchedulerLike;
  /** The next draw, in [0, 1). */
  readonly random: () => number;
  /** How many sessions came before it; undefined where it was open before the fault was there. */
  readonly earlier: number | undefined;
  /** Another of the same direction, with draws and a memory of its own. */
  beside(part: string): Way;
  /** What the fault keeps of this direction. */
  memory<T extends object>(make: () => T): T;
  /** Ends the session with SLUICE_FAULT. @param what the fault did, for the message */
  end(what: string, ending: Ending): void;
}

export interface Ending {
  readonly how: "fin" | "reset";
  /** What came before is delivered first. */
  readonly flush: boolean;
}

/** What a fault does. */
export interface FaultHooks {
  /** At the opening, before there is an upstream. */
  readonly open?: (arrival: Observable<Session>, way: Way) => Observable<Session>;
  readonly data?: (data: Observable<Buffer>, way: Way, direction: Direction) => Observable<Buffer>;
}

/** One fault: its options, where it makes sense, and what it does. */
export interface FaultKind<S extends z.ZodType<CommonOptions, object>> {
  readonly id: string;
  readonly schema: S;
  /** What it needs: chunks of a stream, datagrams, or either. */
  readonly on: "streams" | "datagrams" | "both";
  /** Why it makes no sense elsewhere. */
  readonly because?: string;
  readonly make: (options: z.output<S>, site: FaultSite) => FaultHooks;
  /** Of the options: where it changes, sessions are counted from the first again. */
  readonly series?: (options: z.output<S>) => string;
}

/** Where a fault stands. */
export type FaultSite = Pick<Place, "transport" | "datagrams">;
