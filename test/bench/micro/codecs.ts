// What 64-byte frames cost in a codec, beside a loop written by hand that does the same and no more: joins the unfinished rest, finds the
// frames, asks a function about each, and puts together what comes of them.
import { NEVER } from "rxjs";
import { lengthPrefixed, lines, messages, type Codec } from "../../../core/codec/index.ts";
import { Chain } from "../../../core/flow/chain/chain.ts";
import { each, stagesDownTo } from "../../../core/flow/operators/each.ts";
import { table } from "../report.ts";

type Run = (chunk: Buffer) => unknown;

const FRAME = 64;
const repeats = 9;
/** What the core reads at once, and a size in which frames are cut, as a network cuts them. */
const CHUNK = 16 * 1024 - 7;
const total = 4 * 1024 * 1024;

/** One kind of frame. */
interface Kind {
  readonly name: string;
  readonly frame: Buffer;
  readonly codec: Codec<never>;
  readonly byHand: (work: (message: never) => never) => Run;
  readonly change: (message: never) => unknown;
}

function chunksOf(frame: Buffer): Buffer[] {
  const all = Buffer.concat(Array.from({ length: total / FRAME }, () => frame));
  return Array.from({ length: Math.floor(total / CHUNK) }, (_, at) => all.subarray(at * CHUNK, (at + 1) * CHUNK));
}

/** The skeleton of both loops. @param sizeAt of the frame that begins there, NaN while it is not whole @param bytesOf undefined: unchanged */
function loop(sizeAt: (bytes: Buffer, at: number) => number, bytesOf: (frame: Buffer) => Buffer | undefined): Run {
  let rest: Buffer | undefined;
  return (chunk) => {
    const bytes = rest === undefined ? chunk : Buffer.concat([rest, chunk]);
    const parts: Buffer[] = [];
    let from = 0;
    let at = 0;
    for (let size = sizeAt(bytes, at); size <= bytes.length - at; size = sizeAt(bytes, at)) {
      const changed = bytesOf(bytes.subarray(at, at + size));
      at += size;
      if (changed === undefined) continue;
      if (from < at - size) parts.push(bytes.subarray(from, at - size));
      parts.push(changed);
      from = at;
    }
    rest = at < bytes.length ? Buffer.from(bytes.subarray(at)) : undefined;
    if (from < at) parts.push(bytes.subarray(from, at));
    return parts.length === 1 ? parts[0] : Buffer.concat(parts);
  };
}

function prefixedByHand(work: (body: Buffer) => Buffer): Run {
  return loop(
    (bytes, at) => (bytes.length - at < 2 ? NaN : 2 + bytes.readUInt16BE(at)),
    (frame) => {
      const body = frame.subarray(2);
      const changed = work(body);
      if (changed === body) return undefined;
      const out = Buffer.allocUnsafe(2 + changed.length);
      out.writeUInt16BE(changed.length);
      out.set(changed, 2);
      return out;
    },
  );
}

function linesByHand(work: (line: string) => string): Run {
  return loop(
    (bytes, at) => {
      const end = bytes.indexOf(10, at);
      return end < 0 ? NaN : end + 1 - at;
    },
    (frame) => {
      const line = frame.toString("utf8", 0, frame.length - 1);
      const changed = work(line);
      return changed === line ? undefined : Buffer.from(`${changed}\n`);
    },
  );
}

const prefixed = Buffer.alloc(FRAME, "x");
prefixed.writeUInt16BE(FRAME - 2);
const line = Buffer.alloc(FRAME, "x");
line.writeUInt8(10, FRAME - 1);

const kinds = [
  {
    name: "lengthPrefixed({ bytes: 2 })",
    frame: prefixed,
    codec: lengthPrefixed({ bytes: 2 }),
    byHand: prefixedByHand,
    change: (body: Buffer) => {
      const changed = Buffer.from(body);
      changed.writeUInt8(1, 0);
      return changed;
    },
  },
  { name: "lines()", frame: line, codec: lines(), byHand: linesByHand, change: (text: string) => text.toUpperCase() },
] as unknown as readonly Kind[];

/** Nanoseconds a frame of processor time, the best of the repeats. */
function time(run: Run, chunks: readonly Buffer[]): number {
  let best = Infinity;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    const before = process.cpuUsage();
    for (const chunk of chunks) run(chunk);
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / ((chunks.length * CHUNK) / FRAME));
  }
  return best;
}

function inFlow(codec: Codec<never>, work: (message: never) => never): Run {
  const chain = new Chain(stagesDownTo(messages(codec, each(work))(NEVER), NEVER).steps);
  chain.begin();
  return (chunk) => chain.run(chunk);
}

function row({ name, frame, codec, byHand }: Kind, what: string, work: (message: never) => never): string[] {
  const chunks = chunksOf(frame);
  const [mine, plain] = [time(inFlow(codec, work), chunks), time(byHand(work), chunks)];
  return [name, what, mine.toFixed(0), (1e3 / mine).toFixed(2), plain.toFixed(0), `${(mine / plain).toFixed(2)} x`];
}

/** The rows of the codecs. */
export function codecTable(): string {
  const same = (message: never): never => message;
  const rows = kinds.flatMap((kind) => [row(kind, "unchanged", same), row(kind, "changed", kind.change as (message: never) => never)]);
  return table(["codec, 64-byte frames", "messages", "ns/frame", "million/s", "by hand, ns/frame", "against by hand"], rows);
}
