import { readdirSync, readlinkSync } from "node:fs";
import { BenchRun, directions } from "../bench/bench-run.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { demand, type Check, type Subject } from "./check.ts";
import { inputs } from "./inputs.ts";
import { Trace } from "./traces.ts";

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
      const before = openFiles();
      await bench.construct();
      demand(bench, began("its construction", [...openFiles().filter((file) => !before.includes(file)), ...(await leftBy(bench, trace))]));
      if (bench.hasFolder && readdirSync(bench.folder).length > 0) demand(bench, "its construction left files: write them in setup()");
    }),
    check("can be torn down without a setup, and twice", async (bench) => {
      const { plugin } = await bench.construct();
      await plugin.teardown?.();
      await plugin.teardown?.();
    }),
    check("leaves nothing behind after setup and teardown", async (bench, trace) => {
      const run = await BenchRun.start(bench);
      const { events } = run.instance;
      await run.close();
      demand(
        bench,
        leftBehind("its teardown", [...(await leftBy(bench, trace)), ...(events.observed ? ["a subscription to EVENTS"] : [])]),
      );
    }),
    check("leaves nothing behind when its last session is over", (bench, trace) => afterSession(bench, trace, true)),
    check("leaves nothing behind when a session is broken off", (bench, trace) => afterSession(bench, trace, false)),
  ];
}

async function afterSession(bench: PluginBench, trace: Trace, isComplete: boolean): Promise<void> {
  const run = await BenchRun.start(bench);
  const before = await leftBy(bench, trace);
  const session = await run.open();
  for (const direction of directions) {
    session.feed(direction, ...inputs);
    if (!isComplete) continue;
    session.finish(direction);
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    const { end } = await session.outcome(direction);
    if (end === "open") break;
  }
  session.end();
  const after = await leftBy(bench, trace);
  await run.close();
  demand(bench, leftBehind("the end of a session", after.slice(before.length)));
  demand(bench, leftBehind("its teardown", await leftBy(bench, trace)));
}

/** Everything that is still open, in Node and on the plugin's clock. */
async function leftBy(bench: PluginBench, trace: Trace): Promise<string[]> {
  const open = await trace.left();
  return [...open, ...Array.from({ length: bench.clock.pending }, () => "work that waits on CLOCK")];
}

/** The open files of the process, if the system tells them. */
function openFiles(): string[] {
  try {
    return readdirSync("/proc/self/fd").flatMap((fd) => openFile(`/proc/self/fd/${fd}`));
  } catch {
    return [];
  }
}

function openFile(link: string): string[] {
  try {
    const file = readlinkSync(link);
    // Sockets, pipes and devices are not files. A descriptor of another thread may be closed by now.
    return /^\/(?!dev|proc)/.test(file) ? [`an open file (${file})`] : [];
  } catch {
    return [];
  }
}

function began(when: string, open: readonly string[]): string | undefined {
  return open.length === 0 ? undefined : `${when} began ${open.join(", ")}: do it in setup() or in a hook`;
}

function leftBehind(when: string, open: readonly string[]): string | undefined {
  return open.length === 0
    ? undefined
    : `after ${when} there is still ${open.join(", ")}: unsubscribe when the hook's output is unsubscribed, and end the rest in teardown()`;
}
