import { SluiceError, type Leg, type LegReader, type Upstream } from "sluice";
import { take, type Observable, type Subscription } from "rxjs";

/** Who reads what the real upstream says. */
export interface PassedReader extends Pick<LegReader, "data" | "end" | "failed"> {
  /** There is room after `write` said no. */
  drained(): void;
  /** Both sides have ended, and all is delivered. */
  closed(): void;
}

/** The real upstream, opened for what is not in the recording. */
export class PassedUpstream {
  readonly #opening: Subscription;
  readonly #early: Buffer[] = [];
  #leg: Leg | undefined;
  #isEnding = false;

  constructor(
    attempt: Observable<Upstream>,
    private readonly reader: PassedReader,
  ) {
    this.#opening = attempt.pipe(take(1)).subscribe({
      next: ({ leg }) => {
        this.#opened(leg);
      },
      error: (error: unknown) => {
        reader.failed(SluiceError.is(error) ? error : new SluiceError("SLUICE_UPSTREAM_RESET", String(error), { cause: error }));
      },
    });
  }

  /** @returns false: wait until there is room */
  write(chunk: Buffer): boolean {
    if (this.#leg !== undefined) return this.#leg.write(chunk);
    this.#early.push(chunk);
    return false;
  }

  end(): void {
    this.#isEnding = true;
    this.#leg?.end();
  }

  resume(): void {
    this.#leg?.resume();
  }

  destroy(): void {
    this.#opening.unsubscribe();
    this.#leg?.destroy();
  }

  #opened(leg: Leg): void {
    this.#leg = leg;
    const { reader } = this;
    leg.onDrain = () => {
      reader.drained();
    };
    leg.onClosed = () => {
      reader.closed();
    };
    leg.read({
      data: (chunk) => reader.data(chunk),
      end: () => {
        reader.end();
      },
      failed: (error) => {
        reader.failed(error);
      },
      // Nothing is lent: `lend` is not set.
      done: true,
    });
    let hasRoom = true;
    for (const chunk of this.#early.splice(0)) hasRoom = leg.write(chunk);
    if (this.#isEnding) leg.end();
    if (hasRoom) reader.drained();
  }
}
