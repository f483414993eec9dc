import type { Codec } from "sluice/codec";
import { Frames } from "./frames.ts";

/** What the other side has said, and what nothing was answered to yet. */
export interface Intake {
  /** Bytes that wait. */
  readonly size: number;
  /** What is next, where something is: a message, or all that has come of a stream. */
  readonly next: Buffer | undefined;
  add(chunk: Buffer): void;
  /** Takes off what was answered. */
  take(bytes: number): void;
  /** Nothing more comes. */
  finish(): void;
}

/** Of a stream: nothing says where a message ends. */
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
    // What waits is all there is.
  }
}

/** Datagrams, or the messages of a codec. */
export class MessageIntake implements Intake {
  readonly #waiting: Buffer[] = [];
  readonly #frames: Frames | undefined;
  size = 0;

  /** @param codec undefined: each chunk is a message */
  constructor(codec: Codec<unknown> | undefined) {
    this.#frames = codec === undefined ? undefined : new Frames(codec);
  }

  get next(): Buffer | undefined {
    return this.#waiting[0];
  }

  /** @throws what the codec says of what is no message */
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
