import type { Replacement } from "./replacement.ts";
import { replacementText } from "./replacement.ts";

/** Replaces certain bytes in a stream of chunks. */
export class LiteralReplacer {
  /** For each prefix of `wanted`, by its length: the length of the longest shorter prefix that it ends with (Knuth, Morris and Pratt). */
  readonly #shorter: readonly number[];

  constructor(
    private readonly wanted: Buffer,
    private readonly replacement: Replacement,
  ) {
    this.#shorter = shorterBeginnings(wanted);
  }

  /** @param isLast nothing follows @returns the output, and where the undecided bytes begin */
  run(bytes: Buffer, isLast: boolean): { readonly out: Buffer | null; readonly left: number } {
    const { wanted } = this;
    const pieces: Buffer[] = [];
    let at = 0;
    for (let found = bytes.indexOf(wanted); found !== -1; found = bytes.indexOf(wanted, at)) {
      if (found > at) pieces.push(bytes.subarray(at, found));
      pieces.push(this.#replaced());
      at = found + wanted.length;
    }
    const left = isLast ? bytes.length : bytes.length - this.#begun(bytes, at);
    if (left > at) pieces.push(bytes.subarray(at, left));
    const [first = null] = pieces;
    return { out: pieces.length > 1 ? Buffer.concat(pieces) : first?.length === 0 ? null : first, left };
  }

  #replaced(): Buffer {
    const match = Object.assign([this.wanted.toString("latin1")], { index: 0, input: "" }) as RegExpExecArray;
    return Buffer.from(replacementText(this.replacement, match), "latin1");
  }

  /** How many bytes at the end may be the beginning of `wanted`. */
  #begun(bytes: Buffer, from: number): number {
    let length = 0;
    for (let at = Math.max(from, bytes.length - this.wanted.length + 1); at < bytes.length; at += 1)
      length = this.#after(length, bytes[at]);
    return length;
  }

  #after(length: number, byte: number | undefined): number {
    let begun = length;
    while (begun > 0 && this.wanted[begun] !== byte) begun = this.#shorter[begun] ?? 0;
    return this.wanted[begun] === byte ? begun + 1 : begun;
  }
}

function shorterBeginnings(wanted: Buffer): number[] {
  const shorter = [0, 0];
  let length = 0;
  for (const byte of wanted.subarray(1)) {
    while (length > 0 && wanted[length] !== byte) length = shorter[length] ?? 0;
    if (wanted[length] === byte) length += 1;
    shorter.push(length);
  }
  return shorter;
}
