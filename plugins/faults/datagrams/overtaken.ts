import { Observable, type MonoTypeOperatorFunction, type Subscriber } from "rxjs";
import { hold, type Hold } from "sluice/flow";
import type { FaultedDirection } from "../definition/fault-kind.ts";

/** The longest time for which a datagram is held: when no later datagram comes, it is only late. */
const LONGEST_MS = 100;

interface Held {
  readonly datagram: Buffer;
  readonly due: number;
  /** The number of datagrams that will still overtake it. */
  left: number;
}

/** Holds some datagrams until `by` later ones have passed. */
export function overtaken(rate: number, by: number, way: FaultedDirection): MonoTypeOperatorFunction<Buffer> {
  return (source) =>
    new Observable((subscriber) => {
      const grip = hold(Infinity, () => {
        waiting.flush();
      });
      const waiting = new HeldDatagrams(subscriber, grip, way);
      subscriber.add(() => {
        waiting.forget();
      });
      return source.subscribe({
        next: (datagram) => {
          if (way.random() < rate) waiting.hold(datagram, by);
          else waiting.pass(datagram);
        },
        error: (error: unknown) => {
          subscriber.error(error);
        },
        complete: () => {
          waiting.flush();
          subscriber.complete();
        },
      });
    });
}

class HeldDatagrams {
  #held: Held[] = [];
  #scheduled = false;

  constructor(
    private readonly to: Subscriber<Buffer>,
    private readonly grip: Hold,
    private readonly way: FaultedDirection,
  ) {}

  hold(datagram: Buffer, places: number): void {
    this.#held.push({ datagram, due: this.way.clock.now() + LONGEST_MS, left: places });
    this.grip.acquire(datagram.length);
    this.#plan();
  }

  /** Passes a datagram, which overtakes all that are held. */
  pass(datagram: Buffer): void {
    this.to.next(datagram);
    for (const each of this.#held) each.left -= 1;
    this.#letGo(({ left }) => left <= 0);
  }

  flush(): void {
    this.#letGo(() => true);
  }

  forget(): void {
    const bytes = this.#held.reduce((sum, { datagram }) => sum + datagram.length, 0);
    this.#held = [];
    if (bytes > 0) this.grip.release(bytes, () => undefined);
  }

  #letGo(goes: (held: Held) => boolean): void {
    const going = this.#held.filter(goes);
    this.#held = this.#held.filter((each) => !going.includes(each));
    for (const { datagram } of going) {
      this.grip.release(datagram.length, () => {
        this.to.next(datagram);
      });
    }
  }

  #plan(): void {
    const [first] = this.#held;
    if (this.#scheduled || first === undefined) return;
    this.#scheduled = true;
    const { clock } = this.way;
    const look = (): void => {
      this.#scheduled = false;
      const now = clock.now();
      this.#letGo(({ due }) => due <= now);
      this.#plan();
    };
    this.to.add(clock.schedule(look, Math.max(0, first.due - clock.now())));
  }
}
