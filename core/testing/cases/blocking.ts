import type { Direction } from "../../contract/index.ts";
import { BenchRun } from "../bench/bench-run.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";

/** Milliseconds that a small chunk may take; large ones may take more. */
const LONG_MS = 20;
const BYTES_PER_MS = 1_024;
/** All of so many tries must be long: a busy machine may take the processor away in some of them. */
const TRIES = 5;

/**
 * Finds a plugin that keeps the thread to itself while it handles a chunk.
 *
 * @returns what is wrong; undefined when nothing is
 */
export async function blockingOf(bench: PluginBench, direction: Direction, chunk: Buffer): Promise<string | undefined> {
  const long = LONG_MS + chunk.length / BYTES_PER_MS;
  let shortest = Number.POSITIVE_INFINITY;
  for (let turn = 0; turn < TRIES; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other
    shortest = Math.min(shortest, await timeOf(bench, direction, chunk));
    if (shortest < long) return undefined;
  }
  return `it blocks the event loop: ${chunk.length} bytes took ${Math.round(shortest)} ms in one step, in which no other session of the process went on; do long work in a worker thread, or asynchronously`;
}

/** Milliseconds of one call. */
async function timeOf(bench: PluginBench, direction: Direction, chunk: Buffer): Promise<number> {
  const run = await BenchRun.start(bench);
  try {
    const session = await run.open();
    const began = performance.now();
    session.feed(direction, chunk);
    return performance.now() - began;
  } finally {
    await run.close();
  }
}
