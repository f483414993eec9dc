import { directions } from "../../contract/index.ts";
import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { BenchRun } from "../bench/bench-run.ts";
import { lifeStep } from "../bench/life-step.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { demand, type Check, type Subject } from "./check.ts";
import { Growth, type Counts } from "./growth.ts";
import { inputs } from "./inputs.ts";
import { countOpenFiles, namedFiles, openedSince } from "./open-files.ts";
import { GRACE_MS, Trace } from "./traces.ts";

/** How often the same is done, to see what grows with it. */
const REPEATS = 4;

/** Checks of construction, setup and teardown, and of what sessions leave behind. */
export function lifeChecks({ withBench }: Subject): Check[] {
  const check = (name: string, work: (bench: PluginBench, trace: Trace) => Promise<void>): Check => ({
    name,
    run: () => {
      const trace = new Trace();
      return withBench((bench) => trace.run(() => work(bench, trace)));
    },
  });
  return [
    check("does nothing when it is constructed", async (bench, trace) => {
      const before = countOpenFiles();
      await bench.construct();
      demand(bench, begun([...openedSince(before), ...(await leftBy(bench, trace))]));
      if (bench.hasFolder && readdirSync(bench.folder).length > 0) demand(bench, "its construction left files: write them in setup()");
    }),
    check("can be torn down without a setup, and twice", async (bench) => {
      const { plugin } = await bench.construct();
      await lifeStep(bench.name, "its teardown() without a setup", () => plugin.teardown?.());
      await lifeStep(bench.name, "its teardown(), called a second time,", () => plugin.teardown?.());
    }),
    check("can be set up while the instance before it still runs, as in a reload", async (bench) => {
      const run = await BenchRun.start(bench);
      try {
        await run.reload();
      } finally {
        await run.close();
      }
    }),
    check("emits everything before its output completes", emitsInTime),
    check("leaves nothing behind after setup and teardown", afterLife),
    check("leaves nothing behind when its last session is over", (bench, trace) => afterSession(bench, trace, true)),
    check("leaves nothing behind when a session is broken off", (bench, trace) => afterSession(bench, trace, false)),
  ];
}

async function emitsInTime(bench: PluginBench, trace: Trace): Promise<void> {
  const late = await lateBytesOf(bench, trace, false);
  // An output that ends before its input, as a limit's does, drops the rest on purpose, however long the end of the input takes.
  if (late === 0 || late <= (await lateBytesOf(bench, trace, true))) return;
  demand(
    bench,
    `${late} bytes came after its output had completed, and are lost: complete the output after the last chunk, for example with concatMap()`,
  );
}

/** The bytes that a session emits after the end of its output. @param isSlow whether its input ends when everything else has come to rest */
async function lateBytesOf(bench: PluginBench, trace: Trace, isSlow: boolean): Promise<number> {
  const run = await BenchRun.start(bench);
  const session = await run.open();
  trace.lateBytes = 0;
  for (const direction of directions) session.feed(direction, inputs);
  if (isSlow) await trace.left();
  for (const direction of directions) session.finish(direction);
  for (const direction of directions) {
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    if ((await session.outcome(direction)).end !== "fin") break;
  }
  const isWhole = session.error === undefined;
  await trace.left();
  await run.close();
  return isWhole ? trace.lateBytes : 0;
}

async function afterLife(bench: PluginBench, trace: Trace): Promise<void> {
  const growth = await repeated(trace, async (isFirst) => {
    const run = await BenchRun.start(bench);
    await ended(run, trace, isFirst);
  });
  demand(bench, leftBehind("its teardown", namedFiles(growth.steady)));
}

async function afterSession(bench: PluginBench, trace: Trace, isComplete: boolean): Promise<void> {
  const run = await BenchRun.start(bench);
  const before = await leftBy(bench, trace);
  let left: readonly string[] = [];
  const growth = await repeated(trace, async (isFirst) => {
    await oneSession(run, isComplete);
    if (isFirst) left = (await leftBy(bench, trace)).slice(before.length);
  });
  demand(bench, leftBehind("the end of a session", [...left, ...namedFiles(growth.steady)]));
  await ended(run, trace, true);
}

/** Does the same several times, and notes what grows. */
async function repeated(trace: Trace, work: (isFirst: boolean) => Promise<void>): Promise<Growth> {
  const growth = new Growth();
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await work(repeat === 0);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    growth.read(await countsOf(trace, growth));
  }
  return growth;
}

/** Ends a run. @param isChecked whether nothing of it must be left */
async function ended(run: BenchRun, trace: Trace, isChecked: boolean): Promise<void> {
  const { events } = run.instance;
  await run.close();
  if (!isChecked) return;
  const left = await leftBy(run.bench, trace);
  demand(run.bench, leftBehind("its teardown", [...left, ...(events.observed ? ["a subscription to EVENTS"] : [])]));
}

/** A session with all inputs in both directions. @param isComplete whether its inputs end before it is broken off */
async function oneSession(run: BenchRun, isComplete: boolean): Promise<void> {
  const session = await run.open();
  for (const direction of directions) {
    session.feed(direction, inputs);
    if (!isComplete) continue;
    session.finish(direction);
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    const { end } = await session.outcome(direction);
    if (end === "open") break;
  }
  session.end();
}

/** Everything that is still open, in Node and on the plugin's clock. */
async function leftBy(bench: PluginBench, trace: Trace): Promise<string[]> {
  const open = await trace.left();
  return [...open, ...Array.from({ length: bench.clock.pending }, () => "work that waits on CLOCK")];
}

/** Files and listeners, after a short wait for those that are about to go. */
async function countsOf(trace: Trace, growth: Growth): Promise<Counts> {
  const end = performance.now() + GRACE_MS;
  let counts = countNow(trace);
  while (growth.hasGrown(counts) && performance.now() < end) {
    // oxlint-disable-next-line no-await-in-loop -- it is looked at again and again
    await trace.apart(() => pause(2));
    counts = countNow(trace);
  }
  return counts;
}

function countNow(trace: Trace): Counts {
  return new Map([...countOpenFiles(), ...trace.listeners.counts]);
}

/** What a construction has begun, as a sentence. */
function begun(open: readonly string[]): string | undefined {
  return open.length === 0 ? undefined : `its construction began ${open.join(", ")}: do it in setup() or in a hook`;
}

function leftBehind(when: string, open: readonly string[]): string | undefined {
  return open.length === 0
    ? undefined
    : `after ${when} there is still ${open.join(", ")}: unsubscribe when the hook's output is unsubscribed, and end the rest in teardown()`;
}
