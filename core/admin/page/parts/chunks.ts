import type { ChunkEvent, Direction } from "../api/types.ts";

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
  /** In base64, as it came: what nobody chooses is not decoded. */
  readonly data: string | undefined;
  /** What it was at the place before. */
  readonly before: string | undefined;
  /** It is as it was there. */
  readonly same: boolean;
}

/** Marbles that are kept: more cannot be told apart. */
export const mostMarbles = 800;

/** Adds what events say. The bytes of a chunk that a plugin left as it was are those of the place before. */
export function withChunks(marbles: readonly Marble[], events: readonly ChunkEvent[]): readonly Marble[] {
  const next = [...marbles];
  for (const event of events) next.push(marbleOf(event, next));
  return next.slice(-mostMarbles);
}

function marbleOf({ direction, chunk, plugin, at, bytes, took, messages, same, data }: ChunkEvent, known: readonly Marble[]): Marble {
  const before = plugin === undefined ? undefined : known.findLast((each) => each.direction === direction && each.chunk === chunk);
  const key = `${direction} ${chunk} ${plugin ?? ""} ${at}`;
  const own = same ? before?.data : data;
  return { key, direction, chunk, plugin, at, bytes, took, messages, data: own, before: before?.data, same };
}
