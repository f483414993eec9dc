import type { Codec } from "sluice/codec";
import { Frames } from "./frames.ts";

/** The data of the other side that is not answered yet. */
export interface Intake {
  /** Bytes that wait. */
  readonly size: number;
  /** The next data, if there is any: a message, or everything so far of a stream. */
  readonly next: Buffer | undefined;
  add(chunk: Buffer): void;
  /** Removes data that was answered. */
  take(bytes: number): void;
  /** Notes that no more data will come. */
  finish(): void;
}

/** The data of a stream, which has no marks between messages. */
export class StreamIntake implements Intake {
  #waiting: Buffer = Buffer.alloc(0);

  get size(): number {
    return this.#waiting.length;
  }

  get next(): Buffer | undefined {
    return this.#waiting.length === 0 ? undefined : this.#waiting;
  }

  add(chunk: Buffer): void {
    this.#waiting = this.#waiting.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#waiting, chunk]);
  }

  take(bytes: number): void {
    this.#waiting = this.#waiting.subarray(bytes);
  }

  finish(): void {
    // The waiting data is complete already.
  }
}

/** The data in messages: datagrams, or messages of a codec. */
export class MessageIntake implements Intake {
  readonly #waiting: Buffer[] = [];
  readonly #frames: Frames | undefined;
  size = 0;

  /** @param codec undefined when each chunk is a message */
  constructor(codec: Codec<unknown> | undefined) {
    this.#frames = codec === undefined ? undefined : new Frames(codec);
  }

  get next(): Buffer | undefined {
    return this.#waiting[0];
  }

  /** @throws the error of the codec for bytes that are not a message */
  add(chunk: Buffer): void {
    this.#push(this.#frames === undefined ? [Buffer.from(chunk)] : this.#frames.of(Buffer.from(chunk)));
  }

  take(): void {
    this.size -= this.#waiting.shift()?.length ?? 0;
  }

  finish(): void {
    if (this.#frames !== undefined) this.#push(this.#frames.rest());
  }

  #push(messages: readonly Buffer[]): void {
    this.#waiting.push(...messages);
    for (const { length } of messages) this.size += length;
  }
}
