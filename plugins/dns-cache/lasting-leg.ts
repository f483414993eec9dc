import type { Leg, Upstream } from "sluice";
import { take, type Observable, type Subscription } from "rxjs";

/** The most datagrams that are kept until the leg is open. */
const EARLY = 64;

/** The single leg for all datagrams that are not DNS queries, opened when it is needed. */
export class LastingLeg {
  #leg: Leg | undefined;
  #early: Buffer[] = [];
  #attempt: Subscription | undefined;

  constructor(
    private readonly attempt: Observable<Upstream>,
    private readonly hear: (datagram: Buffer) => void,
  ) {}

  /** @param leg open, and not yet used */
  use(leg: Leg): void {
    this.#leg = leg;
    leg.read({
      done: true,
      data: (datagram) => {
        this.hear(datagram);
        return true;
      },
      end: () => undefined,
      // A new leg for the next datagram may work again.
      failed: () => {
        this.#leg = undefined;
        leg.destroy();
      },
    });
    const early = this.#early;
    this.#early = [];
    for (const datagram of early) leg.write(datagram);
  }

  write(datagram: Buffer): void {
    if (this.#leg !== undefined) {
      this.#leg.write(datagram);
      return;
    }
    if (this.#early.length < EARLY) this.#early.push(datagram);
    // After a failed attempt, the next datagram tries again.
    if (this.#attempt?.closed !== false) this.#attempt = this.#open();
  }

  close(): void {
    this.#attempt?.unsubscribe();
    this.#leg?.destroy();
  }

  #open(): Subscription {
    return this.attempt.pipe(take(1)).subscribe({
      next: ({ leg }) => {
        this.use(leg);
      },
      error: () => {
        this.#early = [];
      },
    });
  }
}
