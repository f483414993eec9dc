import { SluiceError, type Limits, type Session } from "../../contract/index.ts";
import { blamed } from "../chain/fault.ts";
import type { FlowOwner } from "../pump/flow-owner.ts";

/** Limits for a session that has none: one made up in a test. */
const BUFFER = 4 * 1024 * 1024;
const SWAP_MS = 5_000;

/** The owner of an answer's flow: the answer, and through it the session. */
export class AnswerOwner implements FlowOwner {
  readonly limits: Limits;

  /** @param output is notified of the failure that ends the answer */
  constructor(
    private readonly name: string,
    readonly session: Session & Partial<FlowOwner>,
    private readonly output: { failed(error: SluiceError): void },
  ) {
    this.limits = session.limits ?? ({ bufferPerFlow: BUFFER, swapTimeout: SWAP_MS } as Limits);
  }

  flowSwapped(): void {
    // An answer lives as long as its leg.
  }

  fail(error: SluiceError): void {
    if (error.source === "plugin") blamed(error, this.name);
    this.output.failed(error);
  }

  flowFault(): void {
    // The reader of the leg counts the fault.
  }

  flowWarning(message: string): void {
    this.session.flowWarning?.(message);
  }

  flowDropped(chunks: number, what?: "inject"): void {
    this.session.flowDropped?.(chunks, what);
  }
}
