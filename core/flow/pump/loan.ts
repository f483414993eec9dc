import type { Leg } from "../../contract/index.ts";

/**
 * The account of what a flow was lent: the only place that decides whether memory that its source has lent may be read into again, or given
 * to another session (ADR 0010). Read buffers and their pool ask it before each reuse, as `done` of their reader. It outlives
 * the operators: they may complete, fail or be swapped out while a write or a promise of theirs is still pending.
 */
export class Loan {
  #kept = 0;

  /** @param sink what the chunks are written to; its `pending` counts what its own queue and the kernel have not taken yet */
  constructor(private readonly sink: Pick<Leg, "pending">) {}

  /** @param by how much more the operators keep after their call: bytes, or 1 for a promise. Negative: how much less */
  keep(by: number): void {
    this.#kept += by;
  }

  /** Whether nothing that was lent is still in use. */
  get isOver(): boolean {
    return this.#kept === 0 && this.sink.pending === 0;
  }
}
