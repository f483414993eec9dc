import type { Observable, SchedulerLike } from "rxjs";
import {
  CLOCK,
  definePlugin,
  type Direction,
  type FunctionPlugin,
  type Inject,
  LOGGER,
  PLACE,
  type PluginFactory,
  type Session,
} from "sluice";
import type { z } from "zod";
import type { CommonOptions } from "./every-fault.ts";
import type { FaultHooks, FaultKind } from "./fault-kind.ts";
import { refuseMisplaced } from "./misplaced.ts";
import { SessionsSeen } from "./sessions-seen.ts";

type FaultSchema = z.ZodType<CommonOptions, object>;
type ByteHook = (data: Observable<Buffer>, session: Session) => Observable<Buffer>;

/** Makes the factory of a fault. */
export function defineFault<S extends FaultSchema>(kind: FaultKind<S>): PluginFactory<z.input<S>> {
  const make = (options: z.output<S>, inject: Inject): FunctionPlugin => new Fault(kind, options, inject);
  return definePlugin(kind.id, make, kind.schema);
}

/** One use of a fault. */
class Fault<S extends FaultSchema> implements FunctionPlugin {
  declare readonly admit?: (arrival: Observable<Session>, session: Session) => Observable<Session>;
  declare readonly fromClient?: ByteHook;
  declare readonly fromUpstream?: ByteHook;
  /** Chance, and numbers of sessions, are what faults are made of. */
  readonly sessionsDiffer = true;
  /** Public, for `inherit`. */
  readonly series: string;
  seen: SessionsSeen;
  readonly #isSeeded: boolean;
  readonly #clock: SchedulerLike;

  constructor(
    kind: FaultKind<S>,
    private readonly options: z.output<S>,
    inject: Inject,
  ) {
    const place = inject(PLACE);
    refuseMisplaced(kind, place);
    const { direction, seed } = options;
    this.#clock = inject(CLOCK);
    this.#isSeeded = seed !== undefined;
    this.series = kind.series?.(options) ?? "";
    this.seen = new SessionsSeen(String(seed ?? Math.floor(Math.random() * 2 ** 32)));
    if (seed === undefined) inject(LOGGER).debug({ seed: this.seen.seed }, `${place.plugin} drew the seed ${this.seen.seed}`);
    const hooks = kind.make(options, place);
    this.admit = this.#opening(hooks);
    if (hooks.data === undefined) return;
    if (direction !== "fromUpstream") this.fromClient = this.#bytes(hooks.data, "fromClient");
    if (direction !== "fromClient") this.fromUpstream = this.#bytes(hooks.data, "fromUpstream");
  }

  inherit(previous: FunctionPlugin): void {
    const { seen, series } = previous as Partial<Fault<S>>;
    if (seen === undefined || series !== this.series) return;
    if (!this.#isSeeded || seen.seed === this.seen.seed) this.seen = seen;
  }

  /** Every session passes here, so sessions are counted in the order in which they come. */
  #opening({ open }: FaultHooks): NonNullable<FunctionPlugin["admit"]> {
    return (arrival, session) => {
      const seen = this.seen.arriving(session);
      return open === undefined || seen.lot >= this.options.share ? arrival : open(arrival, seen.way("opening", this.#clock));
    };
  }

  #bytes(work: NonNullable<FaultHooks["data"]>, direction: Direction): ByteHook {
    return (data, session) => {
      const seen = this.seen.flowing(session);
      return seen.lot >= this.options.share ? data : work(data, seen.way(direction, this.#clock), direction);
    };
  }
}
