import { readFile, stat } from "node:fs/promises";

/** The text of a file. Rejects for anything but a regular file: a FIFO would be waited for, and a device may have no end. */
export async function fileText(file: string): Promise<string> {
  if (!(await stat(file)).isFile()) throw new Error("it is no file");
  return readFile(file, "utf8");
}
