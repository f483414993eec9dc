import type { Leg, LegReader, SluiceError } from "../../contract/index.ts";
import { ChunkQueue } from "../pump/chunk-queue.ts";
import { Flow } from "../pump/flow.ts";

/** The pending bytes to report when the real number is unknown: enough to stop any source. */
const STOPPED = 1024 * 1024;

/** The common part of the two ends of an answer's flow, as legs. */
abstract class AnswerEnd implements Leg {
  readonly records = false;
  readonly borrows = false;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  /** FIN has passed this end. */
  ended = false;
  abstract readonly pending: number;

  constructor(readonly datagrams: boolean) {}

  read(_reader: LegReader): void {
    // Only the input is read.
  }
  resume(): void {
    // Only the input is read, so only the input can be stopped.
  }
  write(_chunk: Buffer): boolean {
    return true;
  }
  end(): void {
    this.ended = true;
  }
  reset(): void {
    // The answer's leg is reset and destroyed, not this end.
  }
  destroy(): void {
    // See above.
  }
}

/** The end of an answer's flow where data written to the answer enters. */
export class AnswerInput extends AnswerEnd {
  #reader: LegReader | undefined;
  /** Chunks written before the flow reads: the first emissions of an operator (`startWith`). */
  #early: ChunkQueue | undefined;
  #stopped = false;

  /** @param roomy called when there is room after {@link AnswerInput.give} returned false */
  constructor(
    datagrams: boolean,
    private readonly roomy: () => void,
  ) {
    super(datagrams);
  }

  get pending(): number {
    return this.#early?.bytes ?? (this.#stopped ? STOPPED : 0);
  }

  /** @returns whether more may come */
  give(chunk: Buffer): boolean {
    if (this.ended) return true;
    if (this.#reader === undefined) {
      (this.#early ??= new ChunkQueue()).push(chunk);
      return false;
    }
    if (!this.#reader.data(chunk) && !this.datagrams) this.#stopped = true;
    return !this.#stopped;
  }

  finish(): void {
    if (this.ended) return;
    this.ended = true;
    this.#reader?.end();
  }

  override read(reader: LegReader): void {
    this.#reader = reader;
    const early = this.#early;
    this.#early = undefined;
    for (let chunk = early?.shift(); chunk !== undefined; chunk = early?.shift()) {
      if (!reader.data(chunk) && !this.datagrams) this.#stopped = true;
    }
    if (this.ended) reader.end();
    else if (early !== undefined && !this.#stopped) this.roomy();
  }

  override resume(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.roomy();
  }
}

/** The end of an answer's flow where the answer leaves, to the reader of the answer's leg. */
export class AnswerOutput extends AnswerEnd {
  reader: LegReader | undefined;
  #stopped = false;

  /** @param finished called at FIN */
  constructor(
    datagrams: boolean,
    private readonly finished: () => void,
  ) {
    super(datagrams);
  }

  get pending(): number {
    if (!this.#stopped) return 0;
    return this.reader instanceof Flow ? Math.max(this.reader.waiting, STOPPED) : STOPPED;
  }

  override write(chunk: Buffer): boolean {
    if (this.reader?.data(chunk) === false && !this.datagrams) this.#stopped = true;
    return !this.#stopped;
  }

  goOn(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    this.onDrain?.();
  }

  override end(): void {
    if (this.ended) return;
    this.ended = true;
    this.reader?.end();
    this.finished();
  }

  failed(error: SluiceError): void {
    this.reader?.failed(error);
  }
}
