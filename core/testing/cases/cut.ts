/** The most places that are tried in one input. For a longer input: all at its beginning and its end, and some between. */
const MOST_PLACES = 1_024;

/** The places at which an input is cut in two: between all of its bytes, unless there are too many. */
export function placesIn(length: number): number[] {
  const all = Math.max(0, length - 1);
  if (all <= MOST_PLACES) return Array.from({ length: all }, (_, at) => at + 1);
  const third = Math.floor(MOST_PLACES / 3);
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

/** The bytes in chunks of one byte. */
export function byteByByte(bytes: Buffer): Buffer[] {
  return Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
}
