import type { GenerationOrigin, Override, ResolvedConfig } from "../../contract/index.ts";
import type { GenerationSource } from "./overrides.ts";
import type { PlannedStep, ReloadReport } from "./reload-plan.ts";

/** A generation that is or was in force. */
export interface PastGeneration {
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly origin: GenerationOrigin;
  readonly durationMs: number;
  /** What it did to each listener. */
  readonly steps: readonly PlannedStep[];
  readonly overrides: readonly Override[];
  /** The reason why it was taken back; undefined: it was not. */
  readonly takenBack?: string;
}

/** The newest generations of a proxy, to show and to restore. */
export class GenerationHistory {
  /** The number of generations to keep: each keeps the code of its plugins in memory. */
  most = 1;
  readonly #kept: { readonly past: PastGeneration; readonly wanted: GenerationSource }[] = [];

  /** The newest first. */
  get all(): readonly PastGeneration[] {
    return this.#kept.map(({ past }) => past).toReversed();
  }

  get bases(): ReadonlySet<ResolvedConfig> {
    return new Set(this.#kept.map(({ wanted }) => wanted.base));
  }

  add(wanted: GenerationSource, { generation, durationMs, steps }: ReloadReport, takenBack?: string): void {
    const { origin, overrides } = wanted;
    const past = { generation, at: Date.now(), origin, durationMs, steps, overrides, ...(takenBack === undefined ? {} : { takenBack }) };
    this.#kept.push({ past, wanted });
    this.#kept.splice(0, Math.max(0, this.#kept.length - this.most));
  }

  /** What a generation was made of; undefined: it is no longer kept. */
  of(generation: number): GenerationSource | undefined {
    return this.#kept.find(({ past }) => past.generation === generation)?.wanted;
  }
}
