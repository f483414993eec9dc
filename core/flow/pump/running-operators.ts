import type { SluiceError } from "../../contract/index.ts";
import type { Tap } from "../chain/meter.ts";
import type { FlowOwner } from "./flow-owner.ts";
import type { Loan } from "./loan.ts";

/** The operators of a flow while they run: composed to one function, or plain RxJS. */
export interface RunningOperators {
  /** Called before anything else: emissions are possible from here on. */
  start(): void;
  /** @returns whether the source may go on */
  push(chunk: Buffer): boolean;
  /** Their input completes: they flush, and `operatorsCompleted` follows. */
  complete(): void;
  /** Shows `tap` every chunk at each place between plugins; the operators stay the same. @param tap undefined: stop showing */
  watch(tap: Tap | undefined): void;
  /** Frees what they hold; nothing is emitted from now. */
  stop(): void;
  /** A swap came after `complete`: they emit what they hold at once. */
  hurry(): void;
  /** Whether no chunk may be pushed now: they wait for a promise, or nobody has subscribed yet. */
  readonly busy: boolean;
  /** Whether chunks that wait stop the source only at `limits.bufferPerFlow`: nobody may ever subscribe, and a reset must still be seen. */
  readonly patient: boolean;
  /** Whether they may be given more. */
  readonly clear: boolean;
  /** Whether they have seen the end of their input; operators that complete before it have ended the flow by themselves. */
  readonly heard: boolean;
  /** Bytes that they hold. */
  readonly holding: number;
  /** The plugin nearest to the sink, to name when a wrong value is emitted. */
  readonly last: string | undefined;
}

/** What operators need of their flow. */
export interface OperatorsHost {
  readonly swapping: boolean;
  readonly owner: Pick<FlowOwner, "flowDropped">;
  readonly loan: Loan;
  /** The source cannot be paused: excess datagrams are dropped. */
  readonly datagrams: boolean;
  /** The source reuses the memory of its chunks. */
  readonly lends: boolean;
  /** Whether the sink and the operators may be given more. */
  readonly clear: boolean;
  /** Bytes that wait: for the operators, in them, and in the sink. */
  readonly waiting: number;
  /** Writes to the sink. @returns whether the source may go on */
  write(chunk: Buffer): boolean;
  /** Stops the source. */
  pause(): false;
  /** What plain RxJS operators emitted. @param expected in the turn of a chunk, or through a hold */
  emitted(chunk: unknown, expected: boolean): void;
  /** A plugin has failed when its operators had ended. */
  flowFault(plugin: string, error: SluiceError): void;
  operatorsFailed(error: unknown, plugin: string | undefined): void;
  operatorsCompleted(): void;
  /** The operators hold less than before. */
  loosened(): void;
  warn(message: string): void;
}
