import type { Leg, LegReader, SluiceError } from "sluice";
import { Passage } from "./passage.ts";
import { sendLater, serveLater } from "./turn.ts";

/** Reads a leg, and says when what comes may wait. */
export interface BatchedReader extends LegReader {
  /** Whether a chunk that comes now may be taken for what was asked for. @default true */
  readonly mayWait?: boolean;
}

/**
 * A leg whose small chunks wait for the end of the turn, each way: those that are received are served together with those of other connections, and those
 * that are sent are written together. Nothing else overtakes them: an end, an error or a question about what is pending comes after them.
 */
export class BatchedLeg implements Leg {
  readonly datagrams = false;
  /** False: a chunk that waits must not be lent. */
  readonly borrows = false;
  readonly records: boolean;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  readonly #written: Passage;
  #read: Passage | undefined;

  /** @param isServed whether what is written to the leg is served, and what is read from it is sent; otherwise the other way round */
  constructor(
    private readonly leg: Leg,
    private readonly isServed: boolean,
  ) {
    this.records = leg.records;
    this.#written = new Passage((chunk) => leg.write(chunk), isServed ? serveLater : sendLater);
    const drained = (): void => {
      if (this.#written.freed()) this.onDrain?.();
    };
    leg.onDrain = drained;
    const closed = (): void => {
      this.#drop();
      this.onClosed?.();
    };
    leg.onClosed = closed;
  }

  get gather(): boolean {
    return this.leg.gather;
  }

  set gather(gather: boolean) {
    this.leg.gather = gather;
  }

  get lend(): boolean {
    return false;
  }

  /** A chunk that waits must not be lent. */
  set lend(_lend: boolean) {
    this.leg.lend = false;
  }

  get pending(): number {
    return this.leg.pending + this.#written.length;
  }

  get isIdle(): boolean {
    return this.leg.isIdle === true && this.#written.length === 0 && (this.#read?.length ?? 0) === 0;
  }

  read(reader: BatchedReader): void {
    const passage = new Passage((chunk) => reader.data(chunk), this.isServed ? sendLater : serveLater);
    this.#read = passage;
    this.leg.read(new WaitingReader(reader, passage));
  }

  resume(): void {
    if (this.#read?.freed() !== false) this.leg.resume();
  }

  write(chunk: Buffer): boolean {
    return this.#written.give(chunk, true);
  }

  end(): void {
    this.#written.pass();
    this.leg.end();
  }

  retire(): void {
    this.#written.pass();
    this.leg.retire?.();
  }

  reset(): void {
    this.#drop();
    this.leg.reset();
  }

  destroy(): void {
    this.#drop();
    this.leg.destroy();
  }

  #drop(): void {
    this.#written.clear();
    this.#read?.clear();
  }
}

/** Reads the leg for its reader, through a passage. A class: V8 makes a table of half a KiB of an object literal that has a getter. */
class WaitingReader implements LegReader {
  constructor(
    private readonly reader: BatchedReader,
    private readonly passage: Passage,
  ) {}

  get done(): boolean {
    return this.reader.done;
  }

  data(chunk: Buffer): boolean {
    return this.passage.give(chunk, this.reader.mayWait !== false);
  }

  end(): void {
    this.passage.pass();
    this.reader.end();
  }

  failed(error: SluiceError): void {
    this.passage.pass();
    this.reader.failed(error);
  }
}
