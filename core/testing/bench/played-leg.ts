import type { Leg, LegReader } from "../../contract/index.ts";

/** What a lent chunk is overwritten with once the call it was lent for is over. */
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
    // The session has failed, and has said so.
  }
  destroy(): void {
    // Likewise.
  }
}

/**
 * Where a flow reads from: it plays what it is told to, one after the other, and waits while its reader has said stop. Where the flow allows
 * it, and the run wants it, chunks are lent as the core lends them: they are overwritten as soon as the flow is done with them.
 */
export class PlayedLeg extends BenchLeg {
  readonly #script: (Buffer | "end" | (() => void))[] = [];
  #reader: LegReader | undefined;
  #stopped = false;
  #playing = false;
  #lentOut: Buffer[] = [];

  /** @param lends whether the run lends */
  constructor(
    datagrams: boolean,
    private readonly lends: boolean,
  ) {
    super(datagrams);
  }

  play(...steps: readonly (Buffer | "end" | (() => void))[]): void {
    this.#script.push(...steps);
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
    // Only what it plays is read.
  }

  /** Overwrites what was lent, once nobody uses it any more. */
  #poison(): void {
    if (this.#reader?.done !== true) return;
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
      if (this.lends && this.lend) this.#lentOut.push(chunk);
      this.#stopped = !reader.data(chunk);
    }
  }
}

/** Where a flow writes to: it keeps what comes, copied at once as a kernel does. */
export class KeptLeg extends BenchLeg {
  readonly chunks: Buffer[] = [];
  ended = false;
  /** What came that is no Buffer, though it is bytes. */
  foreign: string | undefined;
  readonly #written: Buffer[] = [];

  /** Whether something was changed that had been written: a socket may not have sent it yet. */
  get wasReused(): boolean {
    return this.#written.some((chunk, at) => this.chunks[at]?.equals(chunk) === false);
  }

  /** @param lent what comes may be overwritten later, by the core */
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
    // Likewise.
  }

  write(chunk: Buffer): boolean {
    if (!Buffer.isBuffer(chunk)) this.foreign ??= (chunk as object).constructor.name;
    this.chunks.push(Buffer.from(chunk));
    if (!this.lent) this.#written.push(chunk);
    return true;
  }

  override end(): void {
    this.ended = true;
  }
}
