import { SluiceError, type Leg, type LegReader, type Upstream } from "sluice";
import { take, type Observable, type Subscription } from "rxjs";

/** Receives the data of the real upstream. */
export interface PassedReader extends Pick<LegReader, "data" | "end" | "failed"> {
  /** Called when there is room again after `write` returned false. */
  drained(): void;
  /** Called when both sides have ended and everything is delivered. */
  closed(): void;
}

/** The real upstream, opened for data that is not in the recording. */
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

  /** @returns false when the caller must wait for `drained` */
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
      // Chunks are not lent, since `lend` is not set.
      done: true,
    });
    let hasRoom = true;
    for (const chunk of this.#early.splice(0)) hasRoom = leg.write(chunk);
    if (this.#isEnding) leg.end();
    if (hasRoom) reader.drained();
  }
}
