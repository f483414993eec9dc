import type { ChunkEvent, Direction } from "../api/types.ts";

/** A chunk at one place of its session. */
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
  /** The messages that a codec reads in it. */
  readonly messages: readonly string[] | undefined;
  /** The bytes in base64. They are decoded only when somebody selects the chunk. */
  readonly data: string | undefined;
  /** The bytes at the previous place, in base64. */
  readonly before: string | undefined;
  /** Whether the bytes are the same as at the previous place. */
  readonly same: boolean;
}

/** Marbles that are kept: more could not be told apart. */
export const mostMarbles = 800;

/** Adds chunks from events. If a plugin did not change a chunk, its bytes are those of the previous place. */
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
