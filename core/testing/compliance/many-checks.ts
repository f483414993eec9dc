import type { Direction } from "../../contract/index.ts";
import { BenchRun } from "../bench/bench-run.ts";
import type { Outcome, RunningSession } from "../bench/running-session.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { WorkLimit } from "../bench/work-limit.ts";
import { plain } from "../cases/play.ts";
import { failed, isAnswer, wrongWith, wrongWithEnd } from "../cases/verdict.ts";
import { shortBytes } from "../values/shown.ts";
import { hasDatagrams } from "../values/transport-form.ts";
import { hooksOf, type Check, type Subject } from "./check.ts";
import { inputs } from "./inputs.ts";

/** Sessions that one instance has. */
const SESSIONS = 1_000;
/** Milliseconds of work after which no more sessions are opened: each may take long. */
const LONG_MS = 300;
/** Lengths of the input: in small chunks, up to twenty thousand of them. */
const LENGTHS = [200, 4_000, 80_000];
/** Milliseconds of work from which on a length counts as slow, and no longer one is tried. */
const SLOW_MS = 200;
/** Bytes of output after which it is enough. */
const MOST_OUT = 8 * 1024 * 1024;
const text = Buffer.from("a line that comes in one of many sessions\n");

/** Checks what happens seldom: in one of a thousand sessions, and at one of ten thousand borders of chunks. */
export function manyChecks({ withBench, options }: Subject): Check[] {
  const borders = options.borders === "matter" || hasDatagrams(options.transport);
  const chunks: Check = { name: "has the same output in thousands of small chunks", run: () => withBench(manyChunks) };
  return [...(borders ? [] : [chunks]), { name: "treats a thousand sessions alike", run: () => withBench(manySessions) }];
}

async function manyChunks(bench: PluginBench): Promise<void> {
  const input = longInput();
  for (const direction of await hooksOf(bench)) {
    for (const length of LENGTHS) {
      const limit = new WorkLimit(SLOW_MS);
      // oxlint-disable-next-line no-await-in-loop -- the shortest first
      await compareSmall(bench, direction, input.subarray(0, length));
      if (limit.isReached) break;
    }
  }
}

async function compareSmall(bench: PluginBench, direction: Direction, input: Buffer): Promise<void> {
  const [large, small] = [networkChunks(input), smallChunks(input)];
  const whole = await plain({ direction, chunks: large }, large)(bench);
  const outcome = await inSmall(bench, direction, small);
  // An input that is refused may be refused earlier or later, and a slow plugin may take too long.
  if (outcome === undefined || wrongWithEnd(whole) !== undefined || isAnswer(outcome) || outcome.end === "open") return;
  const why = "its output depends on where the chunks are cut, or on how many there are";
  const wrong = wrongWith(outcome, { bytes: whole.bytes }, why);
  if (wrong !== undefined) throw failed(`${bench.name}: ${direction} of ${input.length} bytes in ${small.length} chunks`, wrong);
}

/** @returns undefined when so much comes out that memory is too small for it: a plugin that repeats itself is found by other checks */
async function inSmall(bench: PluginBench, direction: Direction, chunks: readonly Buffer[]): Promise<Outcome | undefined> {
  const run = await BenchRun.start(bench);
  try {
    const session = await run.open();
    for (const chunk of chunks) {
      session.feed(direction, chunk);
      if (session.outputOf(direction) > MOST_OUT) return undefined;
    }
    session.finish(direction);
    return await session.outcome(direction);
  } finally {
    await run.close();
  }
}

async function manySessions(bench: PluginBench): Promise<void> {
  const { plugin } = await bench.construct();
  if (plugin.sessionsDiffer === true) return;
  for (const direction of await hooksOf(bench)) {
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    await sessionsAlike(bench, direction);
  }
}

async function sessionsAlike(bench: PluginBench, direction: Direction): Promise<void> {
  const run = await BenchRun.start(bench);
  try {
    const first = await outcomeOf(await run.open(), direction, run);
    const limit = new WorkLimit(LONG_MS);
    for (let turn = 2; turn <= SESSIONS && !limit.isReached; turn += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one session after the other
      const outcome = await outcomeOf(await run.open(), direction, run);
      // Sessions may share a limit.
      if (isAnswer(outcome) || isAnswer(first)) continue;
      const why = "it treats some sessions differently (if they should differ, set `sessionsDiffer: true` beside the hooks)";
      const wrong = wrongWith(outcome, { bytes: first.bytes }, why);
      if (wrong !== undefined) throw failed(`${bench.name}: ${direction} of ${shortBytes(text)} in session ${turn}`, wrong);
    }
  } finally {
    await run.close();
  }
}

async function outcomeOf(session: RunningSession, direction: Direction, run: BenchRun): Promise<Outcome> {
  session.feed(direction, text);
  session.finish(direction);
  const outcome = await session.outcome(direction);
  run.forget(session);
  return outcome;
}

/** Lines of many kinds, none twice: a plugin may drop what it has seen. */
function longInput(): Buffer {
  const lines: string[] = [];
  const longest = Math.max(...LENGTHS);
  for (let line = 0, length = 0; length < longest; line += 1) {
    const [next = ""] = String(inputs[line % inputs.length]).split("\n");
    lines.push(`${line} ${next}\n`);
    length += Buffer.byteLength(lines.at(-1) ?? "");
  }
  return Buffer.from(lines.join(""));
}

/** In chunks as a network brings them. */
function networkChunks(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / 1_460) }, (_, at) => bytes.subarray(at * 1_460, (at + 1) * 1_460));
}

/** In chunks of one to seven bytes, in an order that does not repeat soon. */
function smallChunks(bytes: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0, seed = 1; at < bytes.length; at += chunks.at(-1)?.length ?? 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    chunks.push(bytes.subarray(at, at + 1 + (Math.floor(seed / 65_536) % 7)));
  }
  return chunks;
}
