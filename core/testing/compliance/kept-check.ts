import { directions, type Direction } from "../../contract/index.ts";
import { setTimeout as pause } from "node:timers/promises";
import { BenchRun } from "../bench/bench-run.ts";
import type { RunningSession } from "../bench/running-session.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { demand, type Check, type Subject } from "./check.ts";
import { garbageCollector } from "./garbage.ts";

/** Sessions that tell whether it is worth to look more closely. */
const FEW = 16;
/** Sessions that no bounded list of recent ones has room for. */
const MANY = 1_000;
/** Chunks of one session that are more than a plugin may hold together. */
const LARGE = 256;
/** The share of them that is kept, from which on it counts as all. */
const MOST = 0.9;
const hello = Buffer.from("hello, and more\n");
const large = Buffer.alloc(64 * 1024, "a line of many\n");

type Kind = "sessions" | Direction;

/** Weak references to what a plugin was given. */
type References = Readonly<Record<Kind, WeakRef<object>[]>>;

/**
 * Checks that a plugin keeps no reference to sessions that have ended, nor to their chunks: with each of them a proxy's memory would grow. A list of
 * the last few is no mistake.
 */
export function keptCheck({ withBench }: Subject): Check[] {
  return [{ name: "keeps no reference to sessions that have ended, nor to their chunks", run: () => withBench(keepsNothing) }];
}

async function keepsNothing(bench: PluginBench): Promise<void> {
  const collect = garbageCollector();
  if (collect === undefined) return;
  const run = await BenchRun.start(bench);
  try {
    for (const isComplete of [true, false]) {
      // oxlint-disable-next-line no-await-in-loop -- one kind of end after the other
      const kept = await keptAfter(run, isComplete, collect);
      if (kept === undefined) continue;
      const what = kept === "sessions" ? "reference to" : "chunk of";
      demand(
        bench,
        `it keeps a ${what} each session that ${isComplete ? "has ended" : "was broken off"}, so the memory of the proxy grows: delete it in finalize() of the hook's output, or when session.signal aborts`,
      );
    }
    const growing = await keptWhileOpen(run, collect);
    if (growing !== undefined)
      demand(bench, `it keeps every chunk of a session that goes on (${growing}), so its memory grows with the stream: limit what is kept`);
  } finally {
    await run.close();
  }
}

/** The direction of an open session whose chunks are kept, although they have gone on. */
async function keptWhileOpen(run: BenchRun, collect: () => void): Promise<Kind | undefined> {
  const session = await run.open();
  const references: References = { sessions: [], fromClient: [], fromUpstream: [] };
  for (const direction of directions) {
    for (let turn = 0; turn < LARGE; turn += 1) feedLarge(session, direction, references[direction]);
    // oxlint-disable-next-line no-await-in-loop -- one direction after the other
    const settled = await session.settledOutput(direction, LARGE * large.length);
    session.forgetData(direction);
    // A plugin that pauses its source holds what it has on purpose.
    if (settled?.isTaken !== true || references[direction].length < LARGE / 2) references[direction].length = 0;
  }
  const kept = await mostlyKept(references, collect);
  run.forget(session);
  return kept;
}

/** In a function of its own, so that the chunk does not stay in a variable. */
function feedLarge(session: RunningSession, direction: Direction, chunks: WeakRef<object>[]): void {
  session.feed(direction, large);
  const chunk = session.lastChunkOf(direction);
  if (chunk !== undefined) chunks.push(new WeakRef(chunk));
  session.forgetData(direction);
}

/** What is kept of sessions with one kind of end, if anything is. */
async function keptAfter(run: BenchRun, isComplete: boolean, collect: () => void): Promise<Kind | undefined> {
  const references: References = { sessions: [], fromClient: [], fromUpstream: [] };
  // A plugin that neither admits nor rejects a session takes long for each.
  if (!(await oneSession(run, isComplete, references))) return undefined;
  for (const count of [FEW, MANY]) {
    // oxlint-disable-next-line no-await-in-loop -- one session after the other
    for (let turn = 0; turn < count; turn += 1) await oneSession(run, isComplete, references);
    // oxlint-disable-next-line no-await-in-loop -- more sessions only if those before are kept
    const kept = await mostlyKept(references, collect);
    if (kept === undefined || count === MANY) return kept;
  }
  return undefined;
}

/** In a function of its own, so that nothing of the session stays in a variable. @returns whether it was admitted */
async function oneSession(run: BenchRun, isComplete: boolean, references: References): Promise<boolean> {
  const session = await run.open();
  references.sessions.push(new WeakRef(session.session));
  for (const direction of directions) {
    session.feed(direction, hello);
    const chunk = session.lastChunkOf(direction);
    if (chunk !== undefined) references[direction].push(new WeakRef(chunk));
  }
  if (isComplete) for (const direction of directions) session.finish(direction);
  run.forget(session);
  return session.error === undefined;
}

/** What is mostly still there, if anything is. */
async function mostlyKept(references: References, collect: () => void): Promise<Kind | undefined> {
  let kept: Kind | undefined;
  // Some of it is freed late: it takes a second collection.
  for (let turn = 0; turn < 2; turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- a WeakRef keeps its value until the turn is over
    await pause(1);
    collect();
    kept = (["sessions", ...directions] as const).find((kind) => {
      const all = references[kind];
      return all.length > 0 && all.filter((each) => each.deref() !== undefined).length >= MOST * all.length;
    });
    if (kept === undefined) return undefined;
  }
  return kept;
}
