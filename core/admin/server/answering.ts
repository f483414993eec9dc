import type { Measured } from "../metrics/measured.ts";
import type { Call, Operation } from "../operations/operation.ts";

/** What answers whatever can be asked of a proxy: of one in this process, or of one that is several processes. */
export interface Answering {
  readonly generation: number;
  /** It is to be sent new sessions. */
  readonly isReady: boolean;
  /** Runs an operation. Rejects with a SluiceError. @param input one flat object, not checked yet */
  perform(asked: Operation, input: unknown, call?: Call): Promise<unknown>;
  measure(): Promise<readonly Measured[]> | readonly Measured[];
  /** Somebody may look from now on. */
  begin(): void;
  /** Nobody looks any more. */
  rest(): void;
}
