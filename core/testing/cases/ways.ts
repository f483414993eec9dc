import type { Direction, Outcome } from "../bench/bench-run.ts";
import { BenchRun, type RunningSession } from "../bench/bench-run.ts";
import type { PluginBench } from "../bench/plugin-bench.ts";
import { byteByByte, cutAt, placesIn } from "./cut.ts";

/** One way in which an input reaches a plugin. */
export interface Way {
  /** How, for the message: `cut at byte 3`. */
  readonly how: string;
  /** What is wrong when only this way gives something else. */
  readonly wrong: string;
  readonly run: (bench: PluginBench) => Promise<Outcome>;
}

/** What comes in, and where. */
export interface Input {
  readonly direction: Direction;
  /** As they come; what follows cuts them otherwise, unless borders matter. */
  readonly chunks: readonly Buffer[];
}

const CUT =
  'its output depends on where the chunks are cut: a chunk is no message, so what is unfinished is to be kept, best by carry() (where it should depend on it, say borders: "matter")';
const CHARACTER =
  "it takes a chunk for whole characters, and this cut is inside one: work on bytes, or on latin1, which has one character a byte";
const LENT = "it keeps a chunk that it was lent past its call, although it says that it borrows: leave `borrows` out, or copy what is kept";
const SWAP = "its state is lost over a swap, which a reload does to a live session: keep it in carry() of sluice/flow, which hands it on";
const REMOVED = "what it held is lost when a reload removes it: give it in `end` of carry(), or emit it when the input completes";
const SESSIONS = "two sessions at once mix: what belongs to one session belongs into the call of its hook, and not into the plugin";
const DIRECTIONS = "the two directions of a session mix: what belongs to one direction belongs into the call of its hook";
const EMPTY = "an empty chunk changes its output: it is neither an end nor a separator";

/** One session: its chunks, and then the end of the input. */
function plain(input: Input, chunks: readonly Buffer[], lends = false): Way["run"] {
  return inRun(async (run) => {
    const session = await run.open(lends);
    session.feed(input.direction, ...chunks);
    return finished(session, input.direction);
  });
}

function inRun(work: (run: BenchRun) => Promise<Outcome>): Way["run"] {
  return async (bench) => {
    const run = await BenchRun.start(bench);
    try {
      return await work(run);
    } finally {
      await run.close();
    }
  };
}

function finished(session: RunningSession, direction: Direction): Promise<Outcome> {
  session.finish(direction);
  return session.outcome(direction);
}

/** A reload between two parts of the input: the same plugin, or none. */
function swapped(input: Input, parts: readonly (readonly Buffer[])[], removed = false): Way["run"] {
  return inRun(async (run) => {
    const session = await run.open();
    for (const [index, part] of parts.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      if (index > 0) session.swap(removed ? undefined : await run.reload());
      session.feed(input.direction, ...part);
    }
    return finished(session, input.direction);
  });
}

/** Two sessions, a piece of each in turn: of the other one, the same bytes in chunks of one. */
function besideAnother(input: Input, whole: Buffer): Way["run"] {
  return inRun(async (run) => {
    const [session, other] = [await run.open(), await run.open()];
    for (const byte of byteByByte(whole)) {
      other.feed(input.direction, byte);
      session.feed(input.direction, byte);
    }
    other.finish(input.direction);
    return finished(session, input.direction);
  });
}

/** Both directions of a session, a piece of each in turn. */
function bothWays(input: Input, whole: Buffer): Way["run"] {
  const back = input.direction === "fromClient" ? "fromUpstream" : "fromClient";
  return inRun(async (run) => {
    const session = await run.open();
    for (const byte of byteByByte(whole)) {
      session.feed(back, byte);
      session.feed(input.direction, byte);
    }
    return finished(session, input.direction);
  });
}

export function asGiven(input: Input): Way {
  return {
    how: input.chunks.length === 1 ? "in one chunk" : `in ${input.chunks.length} chunks`,
    wrong: "",
    run: plain(input, input.chunks),
  };
}

/** Every way in which the same is to come out, the simplest first, so that the first which differs says why. */
export function waysOf(
  input: Input,
  { borrows, conserves, both }: { readonly borrows: boolean; readonly conserves: boolean; readonly both: boolean },
): Way[] {
  const whole = Buffer.concat(input.chunks);
  const places = placesIn(whole.length);
  const cuts = places.map((at) => [`cut at byte ${at}`, at, cutAt(whole, at)] as const);
  const single = byteByByte(whole);
  const middle = cutAt(whole, whole.length >> 1);
  const empty = Buffer.alloc(0);
  const lent = (how: string, chunks: readonly Buffer[]): Way => ({ how: `${how}, lent`, wrong: LENT, run: plain(input, chunks, true) });
  return [
    ...cuts.map(([how, at, chunks]) => ({ how, wrong: isInside(whole, at) ? CHARACTER : CUT, run: plain(input, chunks) })),
    { how: "byte by byte", wrong: CUT, run: plain(input, single) },
    { how: "with empty chunks between", wrong: EMPTY, run: plain(input, [empty, ...middle.flatMap((part) => [part, empty])]) },
    ...(borrows ? [lent("in one chunk", [whole]), ...cuts.map(([how, , chunks]) => lent(how, chunks)), lent("byte by byte", single)] : []),
    ...[0, ...places, whole.length].map((at) => ({
      how: `with a swap at byte ${at}`,
      wrong: SWAP,
      run: swapped(
        input,
        cutAt(whole, at).map((part) => (part.length === 0 ? [] : [part])),
      ),
    })),
    { how: "byte by byte, with a swap in the middle", wrong: SWAP, run: swapped(input, middle.map(byteByByte)) },
    ...(conserves
      ? places.map((at) => ({
          how: `removed at byte ${at}`,
          wrong: REMOVED,
          run: swapped(
            input,
            cutAt(whole, at).map((part) => [part]),
            true,
          ),
        }))
      : []),
    { how: "with another session at once", wrong: SESSIONS, run: besideAnother(input, whole) },
    ...(both ? [{ how: "with the other direction at once", wrong: DIRECTIONS, run: bothWays(input, whole) }] : []),
  ];
}

/** The ways of an input whose borders matter: its chunks stay as they are. */
export function waysOfChunks(input: Input, { borrows }: { readonly borrows: boolean }): Way[] {
  const { chunks } = input;
  const places = Array.from({ length: chunks.length + 1 }, (_, at) => at);
  return [
    ...(borrows ? [{ how: "lent", wrong: LENT, run: plain(input, chunks, true) }] : []),
    ...places.map((at) => ({
      how: `with a swap before chunk ${at + 1}`,
      wrong: SWAP,
      run: swapped(input, [chunks.slice(0, at), chunks.slice(at)]),
    })),
  ];
}

/** Whether a cut is inside a character of UTF-8: before a continuation byte (RFC 3629 section 3). */
function isInside(bytes: Buffer, at: number): boolean {
  return ((bytes[at] ?? 0) & 0b1100_0000) === 0b1000_0000;
}
