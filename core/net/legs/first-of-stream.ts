import type { FirstReader, FirstSource } from "../first-reading.ts";
import { wasReset } from "../node/was-reset.ts";
import type { EarlyReader } from "./early-listening.ts";
import type { StreamLeg } from "./stream-leg.ts";

const nothing = Buffer.alloc(0);

/** The first bytes of a stream client, gathered from any number of chunks. */
export class FirstOfStream implements FirstSource, EarlyReader {
  /** Begins with the first chunk itself, which nobody else uses: most clients send all in one. */
  #bytes: Buffer = nothing;
  #length = 0;
  #reader: FirstReader | undefined;

  constructor(private readonly leg: StreamLeg) {}

  start(reader: FirstReader): void {
    this.#reader = reader;
    const early = this.leg.takeBack();
    if (early !== undefined) this.take(early);
    if (this.#reader !== undefined) this.leg.readEarly(this);
  }

  stop(taken: number): void {
    this.#reader = undefined;
    this.leg.stopEarly();
    this.leg.putBack(this.#bytes.subarray(Math.min(taken, this.#length), this.#length));
  }

  take(chunk: Buffer): boolean {
    this.#append(chunk);
    this.#reader?.given(this.#bytes.subarray(0, this.#length), this.#length);
    return this.#reader !== undefined;
  }

  ended(): void {
    // If the last bytes and a reset are read together, the reset looks like an end.
    if (wasReset(this.leg.socket)) this.gone();
    else this.#reader?.ended();
  }

  gone(): void {
    this.#reader?.gone();
  }

  /** Grows by doubling, so that a client which sends single bytes costs no more than one that sends all at once. */
  #append(chunk: Buffer): void {
    if (this.#length === 0) {
      this.#bytes = chunk;
      this.#length = chunk.length;
      return;
    }
    const length = this.#length + chunk.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(length, this.#bytes.length * 2));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    chunk.copy(this.#bytes, this.#length);
    this.#length = length;
  }
}
