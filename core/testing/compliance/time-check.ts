import { setTimeout as pause } from "node:timers/promises";
import { type Direction, directions } from "../../contract/index.ts";
import { BenchRun } from "../bench/bench-run.ts";
import type { Outcome } from "../bench/running-session.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { codeOf, isAnswer, wrongWith, wrongWithEnd } from "../cases/verdict.ts";
import { shortBytes } from "../values/shown.ts";
import { demand, hooksOf, type Check, type Subject } from "./check.ts";
import { inputs } from "./inputs.ts";
import { RealTime } from "../bench/real-time.ts";

/** A year and some: no part of a date or of a time is the same. */
const FAR_MS = ((366 * 24 + 7) * 60 + 13) * 60_000 + 11_111;
/** Milliseconds in which a timer in a hurry has fired several times. */
const WAIT_MS = 60;
const hello = Buffer.from("hello, and more\n");

/** Checks that the traffic depends on CLOCK, which a test can move, and not on the computer's time. */
export function timeChecks({ withBench }: Subject): Check[] {
  return [
    { name: "takes the time from CLOCK", run: () => withBench(takesTime) },
    { name: "waits by CLOCK", run: () => withBench(waits) },
  ];
}

async function takesTime(bench: PluginBench): Promise<void> {
  const { plugin } = await bench.construct();
  if (plugin.sessionsDiffer === true) return;
  for (const direction of await hooksOf(bench)) {
    for (const input of inputs) {
      // oxlint-disable-next-line no-await-in-loop -- in order, so that the first failure is reported
      demand(bench, await differsInTime(bench, direction, input));
    }
  }
}

/** Compares a session now with one in another time, and with one that lasts for a year. */
async function differsInTime(bench: PluginBench, direction: Direction, input: Buffer): Promise<string | undefined> {
  const now = await inTime(bench, direction, input, [0, 0]);
  if (wrongWithEnd(now) !== undefined && !isAnswer(now)) return undefined;
  for (const times of [
    [FAR_MS, FAR_MS],
    [0, FAR_MS],
  ] as const) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const later = await inTime(bench, direction, input, times);
    if (later.bytes.equals(now.bytes) && codeOf(later) === codeOf(now)) continue;
    const difference = wrongWith(later, { bytes: now.bytes }, "the output differs") ?? "the output differs";
    const when = times[0] === 0 ? "when a session lasts for a year of Date" : "a year later by Date";
    return `${direction} of ${shortBytes(input)} ${when}: ${difference}\ntake the time from CLOCK, inject(CLOCK).now(), which a test can move`;
  }
  return undefined;
}

/** @param times how far the computer's time is ahead in each half of the input */
async function inTime(bench: PluginBench, direction: Direction, input: Buffer, times: readonly [number, number]): Promise<Outcome> {
  const time = new RealTime();
  return time.run(async () => {
    const half = input.length >> 1;
    [time.ahead] = times;
    const run = await BenchRun.start(bench);
    try {
      const session = await run.open();
      session.feed(direction, input.subarray(0, half));
      [, time.ahead] = times;
      session.feed(direction, input.subarray(half));
      session.finish(direction);
      return await session.outcome(direction);
    } finally {
      await run.close();
    }
  });
}

/** Compares a session whose long timers fire soon with one in which they do not. */
async function waits(bench: PluginBench): Promise<void> {
  const hurried = new RealTime(true);
  const soon = await hurried.run(() => trafficOf(bench, hurried));
  const [timer] = hurried.longTimers;
  if (timer === undefined) return;
  const late = await trafficOf(bench, hurried);
  if (soon === late) return;
  demand(
    bench,
    `its traffic waits ${timer.ms / 1_000} s for a timer of Node${timer.line === "" ? "" : ` (set ${timer.line})`}: ${soon} when it fires, else ${late}. Wait by CLOCK, for example with clock.schedule() or interval(time, clock), so that a test can move the time`,
  );
}

/** What comes of a session that stays open, as a text. @param time only if it has long timers, they get time to fire */
async function trafficOf(bench: PluginBench, { longTimers }: RealTime): Promise<string> {
  const run = await BenchRun.start(bench);
  try {
    const session = await run.open();
    for (const direction of directions) session.feed(direction, hello);
    if (longTimers.length > 0) await pause(WAIT_MS);
    const bytes = directions.map((direction) => `${session.outputOf(direction)} bytes ${direction}`).join(", ");
    return session.error === undefined ? bytes : `${bytes}, and the end with ${session.error.code}`;
  } finally {
    await run.close();
  }
}
