import type { Observable, SchedulerLike } from "rxjs";
import type { Direction, Place, Session } from "sluice";
import type { z } from "zod";
import type { CommonOptions } from "./every-fault.ts";

/** One direction of one session, or its opening, as a fault sees it. It lives as long as the session: a reload passes it on. */
export interface FaultedDirection {
  readonly session: Session;
  readonly clock: SchedulerLike;
  /** The next draw, in [0, 1). */
  readonly random: () => number;
  /** How many sessions came before this one; undefined for a session that was open before the fault was added. */
  readonly earlier: number | undefined;
  /** A way of the same direction with its own random draws and its own memory. */
  beside(part: string): FaultedDirection;
  /** The fault's state for this direction; `make` makes it at the first call. */
  memory<T extends object>(make: () => T): T;
  /** Ends the session with SLUICE_FAULT. @param what the fault did, for the message */
  end(what: string, ending: Ending): void;
}

export interface Ending {
  readonly how: "fin" | "reset";
  /** Whether earlier data is delivered first. */
  readonly flush: boolean;
}

/** The hooks of a fault. */
export interface FaultHooks {
  /** Called at the opening of a session, before it has an upstream. */
  readonly open?: (arrival: Observable<Session>, way: FaultedDirection) => Observable<Session>;
  readonly data?: (data: Observable<Buffer>, way: FaultedDirection, direction: Direction) => Observable<Buffer>;
}

/** A fault: its options, the listeners where it makes sense, and its hooks. */
export interface FaultKind<S extends z.ZodType<CommonOptions, object>> {
  readonly id: string;
  readonly schema: S;
  /** The data that it needs: streams, datagrams, or either. */
  readonly on: "streams" | "datagrams" | "both";
  /** Why it makes no sense on other listeners. */
  readonly because?: string;
  readonly make: (options: z.output<S>, site: FaultSite) => FaultHooks;
  /** A text made from the options: when a reload changes it, sessions are counted from the first again. */
  readonly series?: (options: z.output<S>) => string;
}

/** The listener on which a fault is. */
export type FaultSite = Pick<Place, "transport" | "datagrams">;
