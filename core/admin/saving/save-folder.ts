import { constants } from "node:fs";
import { lstat, open, readdir, unlink } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf, SluiceError } from "../../contract/index.ts";
import { makeFolder } from "../../net/make-folder.ts";
import { checkedName } from "./file-name.ts";

/** A file of the folder. */
export interface SavedFile {
  readonly name: string;
  readonly file: string;
  readonly bytes: number;
  /** When it was last written; epoch milliseconds. */
  readonly at: number;
}

/** The folder for all files that are written through the API. */
export class SaveFolder {
  constructor(readonly path: string) {}

  /** @throws SLUICE_ADMIN_REQUEST for an invalid name */
  fileOf(name: string): string {
    return join(this.path, checkedName(name, this.path));
  }

  /** Makes an empty file of that name, which nobody else may read. @throws SLUICE_ADMIN_REQUEST, SLUICE_ADMIN_CONFLICT, SLUICE_FILE_UNWRITABLE */
  async create(name: string): Promise<string> {
    const file = this.fileOf(name);
    try {
      await makeFolder(this.path, 0o700);
    } catch (error) {
      throw new SluiceError("SLUICE_FILE_UNWRITABLE", `the folder cannot be made: ${reasonOf(error)}`, { where: this.path, cause: error });
    }
    await createFile(file);
    return file;
  }

  /** The files in it, the newest first. Anything else, for example a link, is not shown. */
  async files(): Promise<readonly SavedFile[]> {
    const names = await readdir(this.path).catch(() => [] as string[]);
    const all = await Promise.all(names.map((name) => this.#look(name)));
    return all.filter((each) => each !== undefined).toSorted((a, b) => b.at - a.at);
  }

  /** @throws SLUICE_ADMIN_UNKNOWN, SLUICE_FILE_UNWRITABLE */
  async remove(name: string): Promise<SavedFile> {
    const file = this.fileOf(name);
    const found = await this.#look(name);
    if (found === undefined) throw new SluiceError("SLUICE_ADMIN_UNKNOWN", `there is no file ${name} in ${this.path}`);
    try {
      await unlink(file);
    } catch (error) {
      throw new SluiceError("SLUICE_FILE_UNWRITABLE", `it cannot be removed: ${reasonOf(error)}`, { where: file, cause: error });
    }
    return found;
  }

  async #look(name: string): Promise<SavedFile | undefined> {
    const file = join(this.path, name);
    const found = await lstat(file).catch(() => undefined);
    return found?.isFile() === true && !name.startsWith(".") ? { name, file, bytes: found.size, at: found.mtimeMs } : undefined;
  }
}

/**
 * Makes a new file. If something already has its name, even a link, it is never written to (O_EXCL).
 *
 * @throws SLUICE_ADMIN_CONFLICT, SLUICE_FILE_UNWRITABLE
 */
export async function createFile(file: string): Promise<void> {
  try {
    const handle = await open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    await handle.close();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new SluiceError("SLUICE_ADMIN_CONFLICT", "it is there already, and is not written over: give another name", { where: file });
    throw new SluiceError("SLUICE_FILE_UNWRITABLE", reasonOf(error), { where: file, cause: error });
  }
}
