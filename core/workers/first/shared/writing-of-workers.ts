import { builtInUse } from "../../../admin/saving/built-in-use.ts";
import type { SaveOrder, Writing } from "../../../admin/saving/save-host.ts";
import { asSluiceError, reasonOf, SluiceError, type FileProgress, type PluginClass } from "../../../contract/index.ts";
import { unpackProgress } from "../../wire/packed-progress.ts";
import type { PartFiles } from "./part-files.ts";
import type { ToldWorker } from "./told-worker.ts";

/** Milliseconds between two questions how far the workers are. */
const ASK_MS = 250;
/** Milliseconds that a worker may take to begin its part, or to complete it, on a slow disk. */
const PART_MS = 30_000;

/** A file of which each worker writes a part. */
export class WritingOfWorkers implements Writing {
  readonly #progress = new Map<ToldWorker, FileProgress>();
  readonly #asking: NodeJS.Timeout;
  #ending: Promise<FileProgress | undefined> | undefined;

  constructor(
    /** Its number, by which the workers know it. */
    private readonly number: number,
    private readonly parts: PartFiles,
    private readonly order: SaveOrder,
    private readonly over: () => void,
  ) {
    this.#asking = setInterval(() => void this.#ask(), ASK_MS).unref();
  }

  /** Lets a worker write too. Rejects with the error of its plugin. */
  async begin(worker: ToldWorker): Promise<void> {
    const { file, base } = this.parts;
    await worker.channel.order(PART_MS, "save", this.number, { file, base, order: this.order });
    this.#progress.set(worker, { entries: 0, bytes: 0 });
  }

  /** Lets a worker write too that has taken another's place. If it cannot, nothing more is written, since its sessions would be missing. */
  async greet(worker: ToldWorker): Promise<void> {
    try {
      await this.begin(worker);
    } catch (error) {
      const over = asSluiceError(error);
      // It does not serve: its successor is greeted.
      if (over.code === "SLUICE_WORKER_LOST") throw over;
      this.#progress.set(worker, { entries: 0, bytes: 0, over });
    }
  }

  get progress(): FileProgress {
    const all = [...this.#progress.values()];
    const sum = (of: (each: FileProgress) => number | undefined): number => all.reduce((total, each) => total + (of(each) ?? 0), 0);
    const bytes = sum((each) => each.bytes);
    const ends = all.map((each) => each.over).filter((each) => each !== undefined);
    const over = ends.find((each) => each !== "full") ?? (ends.length > 0 || bytes >= this.order.size ? "full" : undefined);
    return { entries: sum((each) => each.entries), bytes, lost: sum((each) => each.lost), over };
  }

  end(): Promise<FileProgress | undefined> {
    return (this.#ending ??= this.#end());
  }

  async #end(): Promise<FileProgress | undefined> {
    this.over();
    clearInterval(this.#asking);
    await this.#each((worker) => worker.channel.order(PART_MS, "endSave", this.number));
    const { lost, over } = this.progress;
    try {
      const joined = await this.#join();
      return { ...joined, lost: lost ?? 0, over: over ?? joined.over };
    } catch (error) {
      const failed = new SluiceError("SLUICE_FILE_UNWRITABLE", reasonOf(error), { where: this.parts.file, cause: error });
      return { entries: 0, bytes: 0, lost: lost ?? 0, over: over === undefined || over === "full" ? failed : over };
    } finally {
      await this.parts.remove().catch(() => undefined);
    }
  }

  async #join(): Promise<FileProgress> {
    const { file } = this.parts;
    const { definition } = await builtInUse(this.order.kind, { file });
    const { join } = definition.make as PluginClass;
    if (join === undefined) throw new Error(`${definition.id}() cannot join the files of several workers`);
    return join({ parts: await this.parts.found(), into: file, size: this.order.size });
  }

  async #ask(): Promise<void> {
    await this.#each((worker) => worker.channel.call("saved", this.number));
  }

  /** Takes what workers say. One that has died keeps what it has said last. */
  async #each(say: (worker: ToldWorker) => Promise<Parameters<typeof unpackProgress>[0] | undefined>): Promise<void> {
    await Promise.all(
      Array.from(this.#progress.keys(), async (worker) => {
        const told = await say(worker).catch(() => undefined);
        if (told !== undefined) this.#progress.set(worker, unpackProgress(told));
      }),
    );
  }
}
