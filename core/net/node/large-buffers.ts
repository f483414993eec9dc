import type { LegReader } from "../../contract/index.ts";

const SIZE = 256 * 1024;
/** How many there may be: 64 MiB in all. */
const MAX = 256;
const MAX_SPARE = 16;

const spare: Buffer[] = [];
let inUse = 0;

/** A large buffer for a flow that moves bulk; undefined when there are enough of them. */
export function takeLarge(): Buffer | undefined {
  if (inUse >= MAX) return undefined;
  inUse += 1;
  return spare.pop() ?? Buffer.allocUnsafeSlow(SIZE);
}

/** Gives one back. It serves another flow only when its reader has nothing of it in use; else it is left to whoever has. */
export function giveLarge(buffer: Buffer, { done }: Pick<LegReader, "done">): void {
  inUse -= 1;
  if (done && spare.length < MAX_SPARE) spare.push(buffer);
}
