import { type Direction, directions, type PluginUse } from "../../contract/index.ts";
import { PluginBench } from "../bench/plugin-bench.ts";
import { strayErrorsOf } from "../bench/stray-errors.ts";
import type { CaseTerms } from "../cases/case-terms.ts";
import { failed } from "../cases/verdict.ts";

/** One test of a suite: `it(name, run)`. */
export interface Check {
  /** What the plugin must do: the title of a test. */
  readonly name: string;
  /** The body of the test: rejects if the plugin does not do it. */
  readonly run: () => Promise<void>;
}

/** Options of compliance(). */
export interface ComplianceOptions extends CaseTerms {}

/** The subject of a check: a plugin. */
export interface Subject {
  readonly make: () => PluginUse;
  readonly options: ComplianceOptions;
  /** Runs work with a bench, and closes the bench. */
  readonly withBench: (work: (bench: PluginBench) => Promise<void>) => Promise<void>;
}

export function subjectOf(make: () => PluginUse, options: ComplianceOptions): Subject {
  return {
    make,
    options,
    async withBench(work) {
      const bench = new PluginBench(make(), options);
      try {
        demand(bench, await strayErrorsOf(() => work(bench)));
        demand(bench, bench.wrongWithOptions);
      } finally {
        bench.close();
      }
    },
  };
}

/** The byte hooks that a plugin has. */
export async function hooksOf(bench: PluginBench): Promise<readonly Direction[]> {
  const { plugin } = await bench.construct();
  return directions.filter((direction) => plugin[direction] !== undefined);
}

/** @throws SLUICE_TEST_FAILED when there is a text that says what is wrong */
export function demand(bench: PluginBench, why: string | undefined): void {
  if (why !== undefined && why !== "") throw failed(bench.name, why);
}
