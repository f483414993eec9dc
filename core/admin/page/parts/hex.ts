/** Bytes in a line: on a phone fewer, so that their text is in sight. */
const widthNow = (): number => (matchMedia("(max-width: 640px)").matches ? 8 : 16);

/** One line of a dump: its offset and its bytes. */
export interface HexLine {
  readonly offset: string;
  readonly cells: readonly HexCell[];
}

interface HexCell {
  readonly hex: string;
  readonly text: string;
  /** Whether the byte differs from the chunk that it is compared with. */
  readonly differs: boolean;
}

/**
 * Which bytes differ. Chunks of the same length are compared byte by byte; otherwise all bytes between a common beginning and a common end differ.
 */
function differing(data: Uint8Array, other: Uint8Array | undefined): (at: number) => boolean {
  if (other === undefined) return () => false;
  if (data.length === other.length) return (at) => data[at] !== other[at];
  const most = Math.min(data.length, other.length);
  let [begin, end] = [0, 0];
  while (begin < most && data[begin] === other[begin]) begin += 1;
  while (end < most - begin && data.at(-1 - end) === other.at(-1 - end)) end += 1;
  return (at) => at >= begin && at < data.length - end;
}

/** Bytes as a dump of 16 a line. Bytes that differ from `other` are marked. */
export function hexLines(data: Uint8Array, other?: Uint8Array): readonly HexLine[] {
  const differs = differing(data, other);
  const width = widthNow();
  return Array.from({ length: Math.ceil(data.length / width) }, (_, line) => ({
    offset: (line * width).toString(16).padStart(4, "0"),
    cells: Array.from(data.subarray(line * width, (line + 1) * width), (byte, index) => ({
      hex: byte.toString(16).padStart(2, "0"),
      text: byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·",
      differs: differs(line * width + index),
    })),
  }));
}

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
