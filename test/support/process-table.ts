import { readdirSync, readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Whether the system shows its sockets and descriptors as files. */
export const hasProcessTable = process.platform === "linux";

const listening = "0A";

/** The inode of the TCP socket that listens on a loopback port: it stays the same while the socket is never bound again. */
export function inodeOf(port: number): string {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  for (const row of readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1)) {
    const [, local = "", , state, , , , , , inode] = row.trim().split(/\s+/);
    if (state === listening && local.endsWith(`:${hex}`) && inode !== undefined) return inode;
  }
  throw new Error(`nothing listens on port ${port}`);
}

/** Open file descriptors of this process. */
export function openDescriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

let collect: (() => void) | undefined;

/** Bytes of the heap in use, after everything unreachable was collected. */
export async function liveHeap(): Promise<number> {
  if (collect === undefined) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  for (let turn = 0; turn < 4; turn += 1) {
    // One after the other: what a turn of the event loop lets go, the next collection frees.
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}
