import { randomBytes } from "node:crypto";

const length = 1024 * 1024 + 7;
const block = randomBytes(length);
const twice = Buffer.concat([block, block]);

/** The bytes of an endless stream from an offset on, at most a mebibyte: both ends know them, so nothing has to be kept to compare. */
export function patternAt(offset: number, size: number): Buffer {
  const start = offset % length;
  return twice.subarray(start, start + size);
}

/** Whether a chunk is what the stream has at that offset. */
export function isPattern(offset: number, chunk: Buffer): boolean {
  for (let at = 0; at < chunk.length; at += length) {
    const part = chunk.subarray(at, at + length);
    if (!part.equals(patternAt(offset + at, part.length))) return false;
  }
  return true;
}
