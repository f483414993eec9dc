import { filter, map, scan, tap, type MonoTypeOperatorFunction } from "rxjs";
import { definePlugin, type PluginUse } from "sluice";
import { each, type ChunkFunction } from "sluice/flow";

/** What one of the six does to a chunk, with state of the session and direction. */
type MakeStage = () => ChunkFunction;
type MakeOperator = () => MonoTypeOperatorFunction<Buffer>;

/** They look at every chunk, as plugins do, and pass it on unchanged. */
const stages: readonly MakeStage[] = [
  () => {
    let bytes = 0;
    return (chunk) => {
      bytes += chunk.length;
      return bytes < 0 ? null : chunk;
    };
  },
  () => (chunk) => (chunk.length > 0 ? chunk : null),
  () => {
    let first = 0;
    return (chunk) => {
      first = chunk[0] ?? first;
      return chunk;
    };
  },
  () => {
    const total = { chunks: 0, bytes: 0 };
    return (chunk) => {
      total.chunks += 1;
      total.bytes += chunk.length;
      return chunk;
    };
  },
  () => (chunk) => chunk,
  () => {
    let large = 0;
    return (chunk) => {
      if (chunk.length > 60_000) large += 1;
      return large < 0 ? null : chunk;
    };
  },
];

let seen = 0;

const operators: readonly MakeOperator[] = [
  () =>
    tap((chunk) => {
      seen += chunk.length;
    }),
  () => filter((chunk) => chunk.length > 0),
  () => map((chunk) => chunk),
  () => scan((_before, chunk) => chunk),
  () => map((chunk) => chunk),
  () =>
    tap((chunk) => {
      seen = Math.max(seen, chunk.length);
    }),
];

/** Six plugins written with `each`, on both directions. */
export function sixPlugins(): PluginUse[] {
  return stages.map((make, index) =>
    definePlugin(`each-${index + 1}`, () => ({
      borrows: true,
      fromClient: (data) => data.pipe(each(make())),
      fromUpstream: (data) => data.pipe(each(make())),
    }))(),
  );
}

/** Six plugins written with plain RxJS operators. */
export function sixRawPlugins(): PluginUse[] {
  return operators.map((make, index) =>
    definePlugin(`raw-${index + 1}`, () => ({
      fromClient: (data) => data.pipe(make()),
      fromUpstream: (data) => data.pipe(make()),
    }))(),
  );
}

/** One plugin that answers every chunk with a promise. */
export function promisePlugin(): PluginUse {
  const run: ChunkFunction = (chunk) => Promise.resolve(chunk);
  return definePlugin("promise", () => ({
    fromClient: (data) => data.pipe(each(run)),
    fromUpstream: (data) => data.pipe(each(run)),
  }))();
}
