import type { LegReader } from "../../contract/index.ts";

const SIZE = 256 * 1024;
/** Large buffers of the process at most: 64 MiB in all. */
const MAX = 256;
const MAX_SPARE = 16;

const spare: Buffer[] = [];
let inUse = 0;

/** A large buffer for a flow that moves bulk; undefined when the most there may be are in use. */
export function takeLarge(): Buffer | undefined {
  if (inUse >= MAX) return undefined;
  inUse += 1;
  return spare.pop() ?? Buffer.allocUnsafeSlow(SIZE);
}

/** Gives a buffer back. Another flow may take it only if its reader uses nothing of it any more; otherwise it is left to the garbage collector. */
export function giveLarge(buffer: Buffer, { done }: Pick<LegReader, "done">): void {
  inUse -= 1;
  if (done && spare.length < MAX_SPARE) spare.push(buffer);
}
