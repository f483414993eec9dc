import type { SaveOrder, Writing } from "../../../admin/saving/save-host.ts";
import { partsOf } from "./part-files.ts";
import type { ToldWorker } from "./told-worker.ts";
import { WritingOfWorkers } from "./writing-of-workers.ts";

/** Files that all workers write together: each writes a part, and the parts become one file at the end (ADR 0064). */
export class SharedSaves {
  readonly #running = new Map<number, WritingOfWorkers>();
  #last = 0;

  constructor(private readonly workers: () => readonly ToldWorker[]) {}

  /** Rejects with the error of a worker that cannot write; nothing is left of it then. */
  async write(file: string, order: SaveOrder): Promise<Writing> {
    this.#last += 1;
    const number = this.#last;
    const writing = new WritingOfWorkers(number, partsOf(file), order, () => this.#running.delete(number));
    this.#running.set(number, writing);
    try {
      await Promise.all(this.#serving.map((worker) => writing.begin(worker)));
      return writing;
    } catch (error) {
      await writing.end();
      throw error;
    }
  }

  get isWriting(): boolean {
    return this.#running.size > 0;
  }

  /** A worker takes another's place, and writes too. Resolves when it does, in each file. */
  async greet(worker: ToldWorker): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), (writing) => writing.greet(worker)));
  }

  /** Completes all files. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), (writing) => writing.end()));
  }

  get #serving(): readonly ToldWorker[] {
    return this.workers().filter(({ servesSince }) => servesSince !== undefined);
  }
}
