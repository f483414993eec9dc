import { measure, type Measured } from "./metrics/measured.ts";
import type { Live } from "./operations/live.ts";
import type { Call, Operation } from "./operations/operation.ts";
import { perform } from "./operations/operations.ts";
import type { AnswerSource } from "./server/answer-source.ts";

/** Answers operations for a proxy in this process. */
export class Answers implements AnswerSource {
  constructor(private readonly live: Live) {}

  get generation(): number {
    return this.live.proxy.generation;
  }

  get isReady(): boolean {
    return this.live.isReady;
  }

  perform(asked: Operation, input: unknown, call: Call = {}): Promise<unknown> {
    return perform(asked, this.live, input, call);
  }

  measure(): readonly Measured[] {
    return measure(this.live.proxy);
  }

  begin(): void {
    this.live.begin();
  }

  rest(): void {
    this.live.rest();
  }
}
