import { open, type FileHandle } from "node:fs/promises";
import type { FileProgress, JoinedFiles } from "sluice";
import { fileHeader } from "./pcapng.ts";
import { CaptureReader } from "./capture-reader.ts";

/** Bytes of one write. */
const BATCH = 1024 * 1024;

/** Makes one capture of several, in the order of time. Packets beyond the size are left out. */
export async function joinCaptures({ parts, into, size }: JoinedFiles): Promise<FileProgress> {
  const opened: CaptureReader[] = [];
  const file = await open(into, "w", 0o600);
  try {
    for (const part of parts) {
      // oxlint-disable-next-line no-await-in-loop -- a few files
      const reader = await CaptureReader.open(part);
      if (reader !== undefined) opened.push(reader);
    }
    return await join(opened, file, size);
  } finally {
    await Promise.all(opened.map((each) => each.close()));
    await file.close();
  }
}

async function join(readers: readonly CaptureReader[], file: FileHandle, size: number): Promise<FileProgress> {
  let waiting = [fileHeader()];
  let batch = waiting[0]?.length ?? 0;
  let bytes = batch;
  let entries = 0;
  const write = async (): Promise<void> => {
    await file.appendFile(Buffer.concat(waiting));
    waiting = [];
    batch = 0;
  };
  let over: "full" | undefined;
  for (let next = earliest(readers); next !== undefined; next = earliest(readers)) {
    const { packet } = next;
    if (packet === undefined) break;
    if (bytes + packet.length > size) {
      over = "full";
      break;
    }
    waiting.push(packet);
    batch += packet.length;
    bytes += packet.length;
    entries += 1;
    // oxlint-disable-next-line no-await-in-loop -- one packet after the other
    if (batch >= BATCH) await write();
    // oxlint-disable-next-line no-await-in-loop -- one packet after the other
    await next.advance();
  }
  await write();
  return { entries, bytes, over };
}

/** Of files that have packets left, that with the earliest one. */
function earliest(readers: readonly CaptureReader[]): CaptureReader | undefined {
  let first: CaptureReader | undefined;
  for (const each of readers) if (each.packet !== undefined && (first === undefined || each.at < first.at)) first = each;
  return first;
}
