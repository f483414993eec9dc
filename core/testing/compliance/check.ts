import type { PluginUse, Provider, Transport } from "../../contract/index.ts";
import { directions, type Direction } from "../bench/bench-run.ts";
import { PluginBench } from "../bench/plugin-bench.ts";
import { failed } from "../cases/verdict.ts";

/** One test of a suite: `it(name, run)`. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface ComplianceOptions {
  /** What kind of listener the plugin stands on. @default "tcp" */
  readonly transport?: Transport;
  /** What the plugin injects instead of the core's. */
  readonly providers?: readonly Provider[];
  /** The plugin's output depends on where chunks are cut: then that is not checked. @default it must not depend on it */
  readonly borders?: "matter";
}

/** What a check is given. */
export interface Subject {
  readonly make: () => PluginUse;
  readonly options: ComplianceOptions;
  /** Runs work with a bench, and closes that. */
  readonly withBench: (work: (bench: PluginBench) => Promise<void>) => Promise<void>;
}

export function subjectOf(make: () => PluginUse, options: ComplianceOptions): Subject {
  return {
    make,
    options,
    async withBench(work) {
      const bench = new PluginBench(make(), options);
      try {
        await work(bench);
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

/** @throws SLUICE_TEST_FAILED where there is something to say */
export function demand(bench: PluginBench, why: string | undefined): void {
  if (why !== undefined && why !== "") throw failed(bench.name, why);
}
