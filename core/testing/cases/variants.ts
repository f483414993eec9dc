import { byteByByte, cutAt, placesIn } from "./cut.ts";
import { afterOthers, besideAnother, bothWays, plain, swapped, type Input, type Play } from "./play.ts";

/** The kinds of variants. */
export type VariantKind = "cut" | "empty" | "lent" | "swap" | "removed" | "sessions" | "directions";

/** A way in which an input reaches a plugin. */
export interface InputVariant {
  /** Its description in messages: `cut at byte 3`. */
  readonly how: string;
  /** What is wrong when only this variant has another result. */
  readonly wrong: string;
  readonly run: Play;
}

/** What is wrong with a plugin that has another result in one kind of variant. */
const wrong: Readonly<Record<VariantKind, string>> = {
  cut: 'its output depends on where the chunks are cut: a chunk is not a message, so keep the unfinished part, best with carry() (if the output should depend on the cuts, set borders: "matter")',
  empty: "an empty chunk changes its output: it is neither an end nor a separator",
  lent: "it keeps a chunk that it was lent after the call, although it says that it borrows: remove `borrows`, or copy the bytes to keep",
  swap: "its state is lost over a swap, which is what a reload does to an open session: keep it in carry() of sluice/flow, which passes it on",
  removed: "the data that it held is lost when a reload removes it: return it in `end` of carry(), or emit it when the input completes",
  sessions:
    "sessions with the same input mix or differ: keep the state of a session in the call of its hook, and not in the plugin (if they should differ, set `sessionsDiffer: true` beside the hooks)",
  directions: "the two directions of a session mix: keep the state of a direction in the call of its hook",
};

const CHARACTER =
  "it takes a chunk for whole characters, and this cut is inside one: work on bytes, or on latin1, which has one character per byte";

type Made = readonly [how: string, run: Play, wrong?: string];

const variants: Readonly<Record<VariantKind, (input: Input, whole: Buffer) => readonly Made[]>> = {
  cut: (input, whole) => [
    ...placesIn(whole.length).map((at): Made => {
      const run = plain(input, cutAt(whole, at));
      return isInside(whole, at) ? [`cut at byte ${at}`, run, CHARACTER] : [`cut at byte ${at}`, run];
    }),
    ["byte by byte", plain(input, byteByByte(whole))],
  ],
  empty: (input, whole) => [["with empty chunks between", plain(input, betweenEmpty(cutAt(whole, whole.length >> 1)))]],
  lent: (input, whole) => [
    ["lent, in one chunk", plain(input, [whole], true)],
    ...placesIn(whole.length).map((at): Made => [`lent, cut at byte ${at}`, plain(input, cutAt(whole, at), true)]),
    ["lent, byte by byte", plain(input, byteByByte(whole), true)],
  ],
  swap: (input, whole) => [
    ["with a swap at byte 0", swapped(input, [[], [whole]])],
    ...placesIn(whole.length).map((at): Made => [`with a swap at byte ${at}`, swapped(input, halves(whole, at))]),
    [`with a swap at byte ${whole.length}`, swapped(input, [[whole], []])],
    ["byte by byte, with a swap in the middle", swapped(input, cutAt(whole, whole.length >> 1).map(byteByByte))],
  ],
  removed: (input, whole) => placesIn(whole.length).map((at): Made => [`removed at byte ${at}`, swapped(input, halves(whole, at), true)]),
  sessions: (input, whole) => besideOthers(input, byteByByte(whole), [whole]),
  directions: (input, whole) => [["with the other direction at once", bothWays(input, whole)]],
};

export function asGiven(input: Input): InputVariant {
  const { length } = input.chunks;
  return { how: length === 1 ? "in one chunk" : `in ${length} chunks`, wrong: "", run: plain(input, input.chunks) };
}

/** The variants of some kinds, in an order in which the first with another result shows the reason. */
export function variantsOf(input: Input, kinds: readonly VariantKind[]): InputVariant[] {
  const whole = Buffer.concat(input.chunks);
  return kinds.flatMap((kind) => variants[kind](input, whole).map(([how, run, why = wrong[kind]]) => ({ how, run, wrong: why })));
}

/** The same bytes in other chunks. */
export function inChunks(input: Input, chunks: readonly Buffer[]): InputVariant {
  return { how: `in ${chunks.length} chunks`, wrong: wrong.cut, run: plain(input, chunks) };
}

/** The variants of an input whose borders matter: its chunks are not cut differently. */
export function variantsOfChunks(input: Input, kinds: readonly VariantKind[]): InputVariant[] {
  const { chunks } = input;
  const places = Array.from({ length: chunks.length + 1 }, (_, at) => at);
  return [
    ...(kinds.includes("lent") ? [{ how: "lent", wrong: wrong.lent, run: plain(input, chunks, true) }] : []),
    ...(kinds.includes("swap") ? places : []).map((at) => ({
      how: `with a swap before chunk ${at + 1}`,
      wrong: wrong.swap,
      run: swapped(input, [chunks.slice(0, at), chunks.slice(at)]),
    })),
    ...(kinds.includes("sessions") ? besideOthers(input, chunks, chunks) : []).map(([how, run]) => ({ how, run, wrong: wrong.sessions })),
  ];
}

/** @param mixed the chunks where sessions are at once, in turn */
function besideOthers(input: Input, mixed: readonly Buffer[], chunks: readonly Buffer[]): readonly Made[] {
  return [
    ["with another session at once", besideAnother(input, mixed, "first")],
    ["in the second of two sessions at once", besideAnother(input, mixed, "second")],
    ["in a second session", afterOthers(input, chunks, 1)],
    ["in a third session", afterOthers(input, chunks, 2)],
  ];
}

function halves(whole: Buffer, at: number): Buffer[][] {
  return cutAt(whole, at).map((part) => [part]);
}

function betweenEmpty(parts: readonly Buffer[]): Buffer[] {
  const empty = Buffer.alloc(0);
  return [empty, ...parts.flatMap((part) => [part, empty])];
}

/** Whether a cut is inside a character of UTF-8: before a continuation byte (RFC 3629 section 3). */
function isInside(bytes: Buffer, at: number): boolean {
  return ((bytes[at] ?? 0) & 0b1100_0000) === 0b1000_0000;
}
