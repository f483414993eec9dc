import { randomBytes } from "node:crypto";
import { link, readdir, unlink } from "node:fs/promises";
import path from "node:path";
import { fileOfWorker } from "../../contract/index.ts";

/** The hidden file beside a file that several processes write, of which each makes its own name: nobody can foresee it, and it names the process that joins them. */
export function baseOfParts(file: string): string {
  const { dir, name, ext } = path.parse(file);
  return path.join(dir, `.${name}-${process.pid}-${randomBytes(6).toString("hex")}${ext}`);
}

const pattern = /^\.(?<name>.+)-(?<pid>\d+)-[\da-f]{12}\.w(?<worker>\d+)(?<ext>\.[^.]+)?$/;

/** A part that nobody will join becomes a file of its own: `.web-17-….w2.pcapng` is `web.w2.pcapng`. Nothing is written over; then it stays as it is. */
export async function keepPart(part: string, file: string, worker: number): Promise<void> {
  try {
    await link(part, fileOfWorker(file, worker));
    await unlink(part);
  } catch {
    // It has the sessions, so it is not removed.
  }
}

/** Keeps the parts in a folder whose process was killed, together with those that wrote them. */
export async function keepLeftParts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => [] as string[]);
  await Promise.all(
    names.map(async (each) => {
      const { name, pid, worker, ext = "" } = pattern.exec(each)?.groups ?? {};
      if (name === undefined || isAlive(Number(pid))) return;
      await keepPart(path.join(folder, each), path.join(folder, name + ext), Number(worker));
    }),
  );
}

/** Another process may have got the number of one that has ended; then its parts stay. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
