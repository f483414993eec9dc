import type { Tap } from "../chain/meter.ts";
import type { FlowOwner } from "./flow-owner.ts";
import type { Loan } from "./loan.ts";

/** The operators of a flow while they run: composed to one function, or plain RxJS. */
export interface RunningOperators {
  /** Before anything else: from here on things can be emitted. */
  start(): void;
  /** @returns whether the source may go on */
  push(chunk: Buffer): boolean;
  /** Their input completes: they flush, and `operatorsCompleted` follows. */
  complete(): void;
  /** Shows every chunk at each place between plugins; they are the same operators. @param tap undefined: no more */
  watch(tap: Tap | undefined): void;
  /** Frees what they hold; nothing is emitted from now. */
  stop(): void;
  /** A swap came after `complete`: what they hold is to leave at once. */
  hurry(): void;
  /** No chunk may be pushed now: they wait for a promise, or nobody listens yet. */
  readonly busy: boolean;
  /** What waits for them does not stop the source before `limits.bufferPerFlow`: they may never listen, and a reset is to be seen all the same. */
  readonly patient: boolean;
  /** Whether they may be given more. */
  readonly clear: boolean;
  /** Whether they have seen the end of their input; those that complete without have ended the flow by themselves. */
  readonly heard: boolean;
  /** Bytes that they hold. */
  readonly holding: number;
  /** The plugin nearest the sink, for what it emits. */
  readonly last: string | undefined;
}

/** What operators need of their flow. */
export interface OperatorsHost {
  readonly swapping: boolean;
  readonly owner: Pick<FlowOwner, "flowFault" | "flowDropped">;
  readonly loan: Loan;
  /** The source cannot be paused: what is too much is dropped. */
  readonly datagrams: boolean;
  /** The source reuses the memory of its chunks. */
  readonly lends: boolean;
  /** Whether the sink and the operators may be given more. */
  readonly clear: boolean;
  /** Bytes that wait: for the operators, in them, and in the sink. */
  readonly waiting: number;
  /** Writes to the sink. @returns whether the source may go on */
  write(chunk: Buffer): boolean;
  /** The source is to stop. */
  pause(): false;
  /** What plain RxJS operators emitted. @param expected in the turn of a chunk, or through a hold */
  emitted(chunk: unknown, expected: boolean): void;
  operatorsFailed(error: unknown, plugin: string | undefined): void;
  operatorsCompleted(): void;
  /** They hold less than before. */
  loosened(): void;
  warn(message: string): void;
}
