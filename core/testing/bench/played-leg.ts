import type { Leg, LegReader } from "../../contract/index.ts";

/** The byte with which a lent chunk is overwritten after the call. */
const POISON = 0xdb;

abstract class BenchLeg implements Leg {
  readonly records = false;
  readonly borrows = true;
  readonly pending = 0;
  gather = false;
  lend = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;

  constructor(readonly datagrams: boolean) {}

  abstract read(reader: LegReader): void;
  abstract resume(): void;
  abstract write(chunk: Buffer): boolean;
  abstract end(): void;

  reset(): void {
    // The session has already reported its error.
  }
  destroy(): void {
    // The session has already reported its error.
  }
}

/**
 * The source of a flow: it plays given steps one after the other, and waits while its reader is full. If the flow allows it and the run wants
 * it, chunks are lent as in the core: they are overwritten as soon as the flow is done with them.
 */
export class PlayedLeg extends BenchLeg {
  readonly #script: (Buffer | "end" | (() => void))[] = [];
  #reader: LegReader | undefined;
  #stopped = false;
  #playing = false;
  #lentOut: Buffer[] = [];
  /** What was given, and the chunks that were made of it. */
  readonly #given: (readonly [Buffer, Buffer])[] = [];
  #changed = false;

  /** @param lends whether the run lends chunks */
  constructor(
    datagrams: boolean,
    private readonly lends: boolean,
  ) {
    super(datagrams);
  }

  /** Whether a chunk was changed by the code that got it. */
  get wasChanged(): boolean {
    return this.#changed || this.#given.some(([step, chunk]) => !step.equals(chunk));
  }

  /** Whether its reader has taken everything. */
  get isTaken(): boolean {
    return this.#script.length === 0;
  }

  /** The last chunk that its reader got. */
  get lastChunk(): Buffer | undefined {
    return this.#given.at(-1)?.[1];
  }

  /** Keeps no reference to what was given so far. */
  forget(): void {
    this.#given.length = 0;
  }

  play(step: Buffer | "end" | (() => void)): void {
    this.#script.push(step);
    this.#goOn();
  }

  read(reader: LegReader): void {
    this.#reader = reader;
    this.#goOn();
  }

  resume(): void {
    this.#stopped = false;
    this.#goOn();
  }

  write(): boolean {
    return true;
  }

  end(): void {
    // Nothing is written to the source.
  }

  /** Overwrites the lent chunks when the flow does not use them any more. */
  #poison(): void {
    if (this.#reader?.done !== true) return;
    if (this.#lentOut.length === 0) return;
    this.#changed = this.wasChanged;
    this.#given.length = 0;
    for (const chunk of this.#lentOut) chunk.fill(POISON);
    this.#lentOut = [];
  }

  #goOn(): void {
    const reader = this.#reader;
    if (this.#playing || reader === undefined) return;
    this.#playing = true;
    for (this.#poison(); !this.#stopped && this.#script.length > 0; this.#poison()) this.#step(reader, this.#script.shift());
    this.#playing = false;
  }

  #step(reader: LegReader, step: Buffer | "end" | (() => void) | undefined): void {
    if (step === "end") reader.end();
    else if (typeof step === "function") step();
    else if (step !== undefined) {
      const chunk = Buffer.from(step);
      this.#given.push([step, chunk]);
      if (this.lends && this.lend) this.#lentOut.push(chunk);
      this.#stopped = !reader.data(chunk);
    }
  }
}

/** The destination of a flow: it keeps a copy of each chunk, as a kernel does. */
export class KeptLeg extends BenchLeg {
  readonly chunks: Buffer[] = [];
  /** The number of bytes in them. */
  length = 0;
  ended = false;
  /** The class of bytes that are not a Buffer. */
  foreign: string | undefined;
  readonly #written: Buffer[] = [];

  /** Whether a chunk was changed after it was written: a socket might not have sent it yet. */
  get wasReused(): boolean {
    return this.#written.some((chunk, at) => this.chunks[at]?.equals(chunk) === false);
  }

  /** Keeps no reference to what was written so far. */
  forget(): void {
    this.chunks.length = 0;
    this.#written.length = 0;
  }

  /** @param lent whether the core may overwrite the chunks later */
  constructor(
    datagrams: boolean,
    private readonly lent: boolean,
  ) {
    super(datagrams);
  }

  read(): void {
    // It is only written to.
  }

  resume(): void {
    // The session has already reported its error.
  }

  write(chunk: Buffer): boolean {
    if (!Buffer.isBuffer(chunk)) this.foreign ??= (chunk as object).constructor.name;
    this.chunks.push(Buffer.from(chunk));
    this.length += chunk.length;
    if (!this.lent) this.#written.push(chunk);
    return true;
  }

  override end(): void {
    this.ended = true;
  }
}
