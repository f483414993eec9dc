import { directions } from "../../contract/index.ts";
import { BenchRun } from "../bench/bench-run.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { demand, type Check, type Subject } from "./check.ts";
import { inputs } from "./inputs.ts";
import { changedSince, processState } from "../bench/process-state.ts";

/** Checks that a plugin changes nothing that the whole process shares. */
export function processCheck({ withBench }: Subject): Check[] {
  return [{ name: "changes nothing that the whole process shares", run: () => withBench(changesNothing) }];
}

async function changesNothing(bench: PluginBench): Promise<void> {
  const before = processState();
  const run = await BenchRun.start(bench);
  try {
    const session = await run.open();
    for (const direction of directions) session.feed(direction, inputs);
    for (const direction of directions) {
      session.finish(direction);
      // oxlint-disable-next-line no-await-in-loop -- one direction after the other
      if ((await session.outcome(direction)).end === "open") break;
    }
    demand(bench, changedSince(before));
  } finally {
    await run.close();
  }
  demand(bench, changedSince(before));
}
