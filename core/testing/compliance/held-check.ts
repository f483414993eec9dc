import type { Direction } from "../../contract/index.ts";
import { BenchRun } from "../bench/bench-run.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { hasDatagrams } from "../values/transport-form.ts";
import { demand, hooksOf, type Check, type Subject } from "./check.ts";

const MIB = 1024 * 1024;
/** More than any limit of what a plugin may hold. */
const STREAM = 16 * MIB;
/** When at least this much comes out only at the end of the stream, it counts as held until then. */
const HELD = STREAM / 2;
const hello = Buffer.from("hello, and more\n");
const chunk = Buffer.from("a stream that is long, and of one line; ".repeat(1_638));

/** Checks that a plugin does not hold a whole stream until its end: with a stream that does not end, memory grows, and nobody gets an answer. */
export function heldCheck({ withBench, options }: Subject): Check[] {
  if (hasDatagrams(options.transport)) return [];
  return [
    {
      name: "does not hold a whole stream until its end",
      run: () =>
        withBench(async (bench) => {
          // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
          for (const direction of await hooksOf(bench)) demand(bench, await heldToTheEnd(bench, direction));
        }),
    },
  ];
}

async function heldToTheEnd(bench: PluginBench, direction: Direction): Promise<string | undefined> {
  const run = await BenchRun.start(bench);
  try {
    const session = await run.open();
    for (let fed = 0; fed < STREAM; fed += chunk.length) session.feed(direction, chunk);
    // A plugin may wait for what the other side says.
    session.feed(direction === "fromClient" ? "fromUpstream" : "fromClient", hello);
    const early = await session.settledOutput(direction, STREAM - HELD);
    if (early === undefined) return undefined;
    session.finish(direction);
    const { end, bytes } = await session.outcome(direction);
    const late = bytes.length - early.bytes;
    const isHeld = early.isTaken ? end === "fin" && late >= HELD : end === "open" && bytes.length === 0;
    if (!isHeld) return undefined;
    const what = early.isTaken ? `${(late / MIB).toFixed(0)} came out only then` : "nothing came out, and the session stands still";
    return `${direction} holds a stream until its end: of ${STREAM / MIB} MiB, ${what}. A stream may go on for ever: pass data on as it comes, and limit what is held`;
  } finally {
    await run.close();
  }
}
