const width = 16;

/** One line of a dump: where it begins, and its bytes. */
export interface HexLine {
  readonly offset: string;
  readonly cells: readonly HexCell[];
}

interface HexCell {
  readonly hex: string;
  readonly text: string;
  /** Another byte than in the chunk that it is compared with. */
  readonly differs: boolean;
}

/** Bytes as a dump of 16 a line; what differs from `other`, place by place, is marked. */
export function hexLines(data: Uint8Array, other?: Uint8Array): readonly HexLine[] {
  return Array.from({ length: Math.ceil(data.length / width) }, (_, line) => ({
    offset: (line * width).toString(16).padStart(4, "0"),
    cells: Array.from(data.subarray(line * width, (line + 1) * width), (byte, index) => ({
      hex: byte.toString(16).padStart(2, "0"),
      text: byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·",
      differs: other !== undefined && other[line * width + index] !== byte,
    })),
  }));
}

export const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
