import { closeSync, constants, fstatSync, openSync, readFileSync, statSync, type Stats } from "node:fs";

/** The largest file to read, 16 MiB: no config, and no file that a config reads, comes near this. */
const largest = 16 * 2 ** 20;

export interface RegularFile {
  readonly text: string;
  readonly stats: Stats;
}

/**
 * Reads a file as text, without its byte order mark, and never waits for one: opening a FIFO would wait for its writer and block the proxy.
 *
 * @throws Error when there is nothing, no regular file, or one larger than 16 MiB
 */
export function readRegular(file: string): RegularFile {
  refuseOdd(statSync(file));
  // Between the two checks it may have become another file. Windows has no such flag, and no FIFOs either.
  const descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = fstatSync(descriptor);
    refuseOdd(stats);
    return { text: readFileSync(descriptor, "utf8").replace(/^\uFEFF/, ""), stats };
  } finally {
    closeSync(descriptor);
  }
}

function refuseOdd(stats: Stats): void {
  if (!stats.isFile()) throw new Error(`it is ${kindOf(stats)}, and no file`);
  if (stats.size > largest) throw new Error(`it is larger than ${largest / 2 ** 20} MiB`);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a FIFO";
  return stats.isSocket() ? "a socket" : "a device";
}
