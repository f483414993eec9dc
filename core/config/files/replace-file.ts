import { randomBytes } from "node:crypto";
import { readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { reasonOf, SluiceError } from "../../contract/index.ts";

/**
 * Replaces a file's text atomically: a reader sees the old text or the new one, also when the disk is full or the process dies. If the path is a
 * symlink, the file that it leads to is replaced.
 *
 * @param before the text that the new one was made from
 * @throws SLUICE_ADMIN_CONFLICT when the file has another text by now, or cannot be written; then it is unchanged
 */
export function replaceFile(file: string, before: string, text: string): void {
  try {
    const target = realpathSync(file);
    const beside = path.join(path.dirname(target), `.${path.basename(target)}.${randomBytes(4).toString("hex")}`);
    try {
      writeFileSync(beside, text, { flag: "wx", mode: statSync(target).mode & 0o777, flush: true });
      if (readFileSync(target, "utf8") !== before) throw new Error("it was saved meanwhile");
      renameSync(beside, target);
    } finally {
      rmSync(beside, { force: true });
    }
  } catch (error) {
    throw new SluiceError("SLUICE_ADMIN_CONFLICT", `it cannot be written: ${reasonOf(error)}`, { where: file, cause: error });
  }
}
