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
const large = Buffer.alloc(64 * 1024, `${"a line of many, ".repeat(8)}\n`);

type Kind = "sessions" | Direction;

/** Weak references to what a plugin was given. */
type References = Readonly<Record<Kind, WeakRef<object>[]>>;

/** What a plugin was given, and should not keep. */
interface Given {
  readonly references: References;
  /** What is wrong when it keeps them. */
  readonly wrong: (kept: Kind) => string;
  /** Gives it so many that no bounded list of recent ones has room for all. */
  readonly more?: () => Promise<void>;
}

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
    const given = [await endedSessions(run, true), await endedSessions(run, false), await openSession(run)];
    // One collection for all of them: it takes longer than the sessions, and most plugins keep nothing.
    await free(given, collect);
    for (const each of given.filter(keptOf)) {
      // oxlint-disable-next-line no-await-in-loop -- in order, so that the first mistake is reported
      await each.more?.();
      // oxlint-disable-next-line no-await-in-loop -- more sessions only if those before are kept
      await free([each], collect);
      const kept = keptOf(each);
      if (kept !== undefined) demand(bench, each.wrong(kept));
    }
  } finally {
    await run.close();
  }
}

/** Chunks of a session that goes on, which have gone on too. */
async function openSession(run: BenchRun): Promise<Given> {
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
  return { references, wrong: keepsChunks };
}

const keepsChunks = (kept: Kind): string =>
  `it keeps every chunk of a session that goes on (${kept}), so its memory grows with the stream: limit what is kept`;

/** In a function of its own, so that the chunk does not stay in a variable. */
function feedLarge(session: RunningSession, direction: Direction, chunks: WeakRef<object>[]): void {
  session.feed(direction, large);
  const chunk = session.lastChunkOf(direction);
  if (chunk !== undefined) chunks.push(new WeakRef(chunk));
  session.forgetData(direction);
}

/** A few sessions with one kind of end, and their chunks. */
async function endedSessions(run: BenchRun, isComplete: boolean): Promise<Given> {
  const references: References = { sessions: [], fromClient: [], fromUpstream: [] };
  const sessions = async (count: number): Promise<void> => {
    // oxlint-disable-next-line no-await-in-loop -- one session after the other
    for (let turn = 0; turn < count; turn += 1) await oneSession(run, isComplete, references);
  };
  const wrong = (kept: Kind): string =>
    `it keeps a ${kept === "sessions" ? "reference to" : "chunk of"} each session that ${isComplete ? "has ended" : "was broken off"}, so the memory of the proxy grows: delete it in finalize() of the hook's output, or when session.signal aborts`;
  // A plugin that neither admits nor rejects a session takes long for each.
  if (await oneSession(run, isComplete, references)) await sessions(FEW);
  else references.sessions.length = 0;
  return { references, wrong, more: () => sessions(MANY) };
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

/** Frees what nobody keeps. */
async function free(given: readonly Given[], collect: () => void): Promise<void> {
  // Some of it is freed late: it takes a second collection.
  for (let turn = 0; turn < 2 && given.some(keptOf); turn += 1) {
    // oxlint-disable-next-line no-await-in-loop -- a WeakRef keeps its value until the turn is over
    await pause(1);
    collect();
  }
}

/** What of it is mostly still there, if anything is. */
function keptOf({ references }: Given): Kind | undefined {
  return (["sessions", ...directions] as const).find((kind) => {
    const all = references[kind];
    return all.length > 0 && all.filter((each) => each.deref() !== undefined).length >= MOST * all.length;
  });
}
