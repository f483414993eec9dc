import type { SchedulerLike } from "rxjs";
import { SluiceError, type Session } from "sluice";
import type { Ending, FaultedDirection } from "./fault-kind.ts";
import { randomOf } from "./random.ts";

/** The sessions that a fault has seen, in order. It outlives reloads, so that a run with a seed continues. */
export class SessionsSeen {
  readonly #known = new WeakMap<Session, SeenSession>();
  #arrived = 0;
  #before = 0;

  /** @param seed the seed of all draws */
  constructor(readonly seed: string) {}

  /** Called for a session that arrives, which gets the next number. */
  arriving(session: Session): SeenSession {
    const seen = this.#known.get(session) ?? new SeenSession(session, `${this.seed} ${this.#arrived}`, this.#arrived++);
    this.#known.set(session, seen);
    return seen;
  }

  /** Called for a session whose data begins to pass. It may have been open before the fault was added. */
  flowing(session: Session): SeenSession {
    const seen = this.#known.get(session) ?? new SeenSession(session, `${this.seed} before ${this.#before++}`, undefined);
    this.#known.set(session, seen);
    return seen;
  }
}

/** One session, and its draws. */
export class SeenSession {
  /** Drawn once, so that after a change of `share` as many sessions as possible keep their choice. */
  readonly lot: number;
  readonly #ways = new Map<string, SeenWay>();

  constructor(
    private readonly session: Session,
    private readonly seed: string,
    private readonly earlier: number | undefined,
  ) {
    this.lot = randomOf(`${seed} share`)();
  }

  /** @param part a direction, or the opening */
  way(part: string, clock: SchedulerLike): SeenWay {
    let way = this.#ways.get(part);
    if (way === undefined) {
      way = new SeenWay(this.session, this.earlier, randomOf(`${this.seed} ${part}`), (other) => this.way(`${part} ${other}`, clock));
      this.#ways.set(part, way);
    }
    way.clock = clock;
    return way;
  }
}

class SeenWay implements FaultedDirection {
  declare clock: SchedulerLike;
  #memory: object | undefined;

  constructor(
    readonly session: Session,
    readonly earlier: number | undefined,
    readonly random: () => number,
    readonly beside: (part: string) => FaultedDirection,
  ) {}

  memory<T extends object>(make: () => T): T {
    return (this.#memory ??= make()) as T;
  }

  end(what: string, ending: Ending): void {
    this.session.close(new SluiceError("SLUICE_FAULT", what), ending);
  }
}
