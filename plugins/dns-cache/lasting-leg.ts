import type { Leg, Upstream } from "sluice";
import { take, type Observable, type Subscription } from "rxjs";

/** Datagrams kept until the leg is open. */
const EARLY = 64;

/** The one leg for all that is no DNS query, opened when it is needed. */
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
      // What made it fail, the next datagram's leg may be spared.
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
    // The next datagram tries again where the one before could not open it.
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
