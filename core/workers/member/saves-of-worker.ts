import { unlink } from "node:fs/promises";
import { writeHere } from "../../admin/saving/attached-writing.ts";
import { createFile } from "../../admin/saving/save-folder.ts";
import type { SaveOrder, Writing } from "../../admin/saving/save-host.ts";
import { fileOfWorker } from "../../contract/index.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { packProgress, type PackedProgress } from "../wire/packed-progress.ts";

/** This worker's parts of the files that all workers write. */
export class SavesOfWorker {
  readonly #writings = new Map<number, Writing>();

  /** @param worker which one this is */
  constructor(private readonly worker: number) {}

  /** Rejects with the error of the plugin that writes. @throws SLUICE_ADMIN_UNKNOWN, SLUICE_FILE_UNWRITABLE */
  async begin(proxy: Proxy, number: number, { base, order }: { readonly base: string; readonly order: SaveOrder }): Promise<void> {
    const part = fileOfWorker(base, this.worker);
    await createFile(part);
    try {
      // The plugin makes this worker's name of the file itself.
      this.#writings.set(number, await writeHere(proxy, base, order));
    } catch (error) {
      await unlink(part).catch(() => undefined);
      throw error;
    }
  }

  progress(number: number): PackedProgress | undefined {
    const progress = this.#writings.get(number)?.progress;
    return progress === undefined ? undefined : packProgress(progress);
  }

  async end(number: number): Promise<PackedProgress | undefined> {
    const writing = this.#writings.get(number);
    this.#writings.delete(number);
    const progress = await writing?.end();
    return progress === undefined ? undefined : packProgress(progress);
  }
}
