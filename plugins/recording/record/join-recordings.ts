import { open, readFile } from "node:fs/promises";
import type { FileProgress, JoinedFiles } from "sluice";

/** The last line of the head, which `headOf` writes. */
const END_OF_HEAD = "\nexchange:\n";

/**
 * Makes one recording of those that several workers have written. Their sessions have names of their own (`w2-1`), so each text stays as it is. A file
 * for which there is no more room is left out.
 */
export async function joinRecordings({ parts, into, size }: JoinedFiles): Promise<FileProgress> {
  const file = await open(into, "w", 0o600);
  let bytes = 0;
  let entries = 0;
  let over: "full" | undefined;
  try {
    for (const part of parts) {
      // oxlint-disable-next-line no-await-in-loop -- one file after the other
      const text = await readFile(part).catch(() => Buffer.alloc(0));
      const added = bytes === 0 ? text : text.subarray(Math.max(0, text.indexOf(END_OF_HEAD)) + END_OF_HEAD.length);
      if (text.length === 0) continue;
      if (bytes + added.length > size) {
        over = "full";
        continue;
      }
      bytes += added.length;
      entries += sessionsIn(added);
      // oxlint-disable-next-line no-await-in-loop -- one file after the other
      await file.appendFile(added);
    }
  } finally {
    await file.close();
  }
  return { entries, bytes, over };
}

function sessionsIn(text: Buffer): number {
  return new Set(Array.from(text.toString("latin1").matchAll(/^- session: (\S+)$/gm), ([, name]) => name)).size;
}
