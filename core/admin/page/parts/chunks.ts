import type { ChunkEvent, Direction } from "../api/types.ts";
import { fromBase64 } from "./hex.ts";

/** A chunk at one place of its way. */
export interface Marble {
  readonly key: string;
  readonly direction: Direction;
  readonly chunk: number;
  /** The plugin that passed it on; undefined: where it came in. */
  readonly plugin: string | undefined;
  readonly at: number;
  /** Undefined: dropped here. */
  readonly bytes: number | undefined;
  readonly took: number | undefined;
  /** What a codec reads in it. */
  readonly messages: readonly string[] | undefined;
  readonly data: Uint8Array | undefined;
  /** What it was at the place before. */
  readonly before: Uint8Array | undefined;
}

/** Marbles that are kept. */
const most = 2_000;

/** Adds what an event says. The bytes of a chunk that a plugin left as it was are those of the place before. */
export function withChunk(marbles: readonly Marble[], event: ChunkEvent): readonly Marble[] {
  const { direction, chunk, plugin, at, bytes, took, same, data, messages } = event;
  const before = marbles.findLast((each) => each.direction === direction && each.chunk === chunk);
  const own = data === undefined ? (same ? before?.data : undefined) : fromBase64(data);
  const key = `${direction} ${chunk} ${plugin ?? ""} ${at}`;
  const marble: Marble = {
    key,
    direction,
    chunk,
    plugin,
    at,
    bytes,
    took,
    messages,
    data: own,
    before: plugin === undefined ? undefined : before?.data,
  };
  return [...marbles, marble].slice(-most);
}

/** Whether it is as it was at the place before. */
export const isUnchanged = ({ data, before }: Marble): boolean => data !== undefined && data === before;
