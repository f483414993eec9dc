import type { Measured } from "../metrics/measured.ts";
import type { Call, Operation } from "../operations/operation.ts";

/** Answers all operations of a proxy, which may be one in this process or several processes. */
export interface AnswerSource {
  readonly generation: number;
  /** Whether new sessions should be sent to it. */
  readonly isReady: boolean;
  /** Runs an operation. Rejects with a SluiceError. @param input one flat object, which is not checked yet */
  perform(asked: Operation, input: unknown, call?: Call): Promise<unknown>;
  measure(): Promise<readonly Measured[]> | readonly Measured[];
  /** From now on somebody may ask for sessions. */
  begin(): void;
  /** Nobody will ask for sessions any more. */
  rest(): void;
}
