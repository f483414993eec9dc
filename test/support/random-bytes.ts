import { randomBytes } from "node:crypto";

/** Bytes cut into pieces of the sizes given, over and over, until all of them are used. */
export function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(start, start + size);
    start += size;
  }
}

const mebibyte = 1024 * 1024;

/** Bytes that differ everywhere, so that a lost, doubled or swapped chunk shows. */
export const randomMebibytes = (count: number): Buffer => randomBytes(count * mebibyte);
