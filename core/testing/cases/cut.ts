/** The most places that are tried in one input, and the fewest in a long one. */
const [MOST_PLACES, FEWEST_PLACES] = [1_024, 64];
/** Bytes of all inputs of one kind together, beyond which there are fewer places. */
const BYTES = 4 * 1024 * 1024;

/**
 * The places at which an input is cut in two: between all of its bytes, unless there are too many. For a longer input: places at its beginning, at its end, and some
 * between.
 */
export function placesIn(length: number): number[] {
  const all = Math.max(0, length - 1);
  if (all <= MOST_PLACES) return Array.from({ length: all }, (_, at) => at + 1);
  const third = Math.floor(Math.min(MOST_PLACES, Math.max(FEWEST_PLACES, BYTES / length)) / 3);
  const step = Math.ceil((all - 2 * third) / third);
  const between = Array.from({ length: third }, (_, at) => third + 1 + at * step).filter((at) => at < length - third);
  return [
    ...Array.from({ length: third }, (_, at) => at + 1),
    ...between,
    ...Array.from({ length: third }, (_, at) => length - third + at),
  ];
}

/** The bytes in two chunks. */
export function cutAt(bytes: Buffer, at: number): Buffer[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

/** Bytes that come one by one, and the size of the chunks after them. */
const [SINGLE, MORE] = [4_096, 61];

/** The bytes in chunks of one byte; after the first thousands, in small ones. */
export function byteByByte(bytes: Buffer): Buffer[] {
  const single = Array.from(bytes.subarray(0, SINGLE), (_, at) => bytes.subarray(at, at + 1));
  const rest = Math.ceil((bytes.length - single.length) / MORE);
  return [...single, ...Array.from({ length: rest }, (_, at) => bytes.subarray(SINGLE + at * MORE, SINGLE + (at + 1) * MORE))];
}
