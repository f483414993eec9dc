import { unlink } from "node:fs/promises";
import { writeHere } from "../../admin/saving/attached-writing.ts";
import { createFile } from "../../admin/saving/save-folder.ts";
import { keepPart } from "../../admin/saving/file-parts.ts";
import type { Writing } from "../../admin/saving/save-host.ts";
import { fileOfWorker } from "../../contract/index.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { PartOrder } from "../wire/calls.ts";
import { packProgress, type PackedProgress } from "../wire/packed-progress.ts";

/** This worker's parts of the files that all workers write. */
export class SavesOfWorker {
  readonly #writings = new Map<number, { readonly writing: Writing; readonly part: string; readonly file: string }>();

  /** @param worker which one this is */
  constructor(private readonly worker: number) {}

  /** Rejects with the error of the plugin that writes. @throws SLUICE_ADMIN_UNKNOWN, SLUICE_FILE_UNWRITABLE */
  async begin(proxy: Proxy, number: number, { file, base, order }: PartOrder): Promise<void> {
    const part = fileOfWorker(base, this.worker);
    await createFile(part);
    try {
      // The plugin makes this worker's name of the file itself.
      this.#writings.set(number, { writing: await writeHere(proxy, base, order), part, file });
    } catch (error) {
      await unlink(part).catch(() => undefined);
      throw error;
    }
  }

  progress(number: number): PackedProgress | undefined {
    const progress = this.#writings.get(number)?.writing.progress;
    return progress === undefined ? undefined : packProgress(progress);
  }

  async end(number: number): Promise<PackedProgress | undefined> {
    const own = this.#writings.get(number);
    this.#writings.delete(number);
    const progress = await own?.writing.end();
    return progress === undefined ? undefined : packProgress(progress);
  }

  /** The proxy has closed, so that its parts are complete: the first process joins them. */
  leave(): void {
    this.#writings.clear();
  }

  /** The first process is gone, which was to join the parts: each becomes a file of its own. */
  async keep(): Promise<void> {
    const all = [...this.#writings.values()];
    this.#writings.clear();
    await Promise.all(
      all.map(async ({ writing, part, file }) => {
        await writing.end().catch(() => undefined);
        await keepPart(part, file, this.worker);
      }),
    );
  }
}
