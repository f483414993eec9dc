import { SharedBook } from "./shared-book.ts";
import { SharedHealth } from "./shared-health.ts";
import { SharedSaves } from "./shared-saves.ts";
import { TicketRotation } from "./ticket-rotation.ts";
import type { ToldWorker } from "./told-worker.ts";
import { Watching } from "./watching.ts";

/** What all workers share in addition to the generation. It is kept in the first process, and outlives each worker (ADR 0053). */
export class SharedParts {
  readonly book = new SharedBook();
  readonly health: SharedHealth;
  readonly watching: Watching;
  readonly saves: SharedSaves;
  readonly #tickets: TicketRotation;

  /** @param workers returns all workers */
  constructor(workers: () => readonly ToldWorker[]) {
    this.health = new SharedHealth(workers);
    this.watching = new Watching(workers);
    this.saves = new SharedSaves(workers);
    this.#tickets = new TicketRotation(workers);
  }

  /** A worker can now receive messages. */
  up(worker: ToldWorker): void {
    this.#tickets.greet(worker);
  }

  /** A worker has made its proxy, which is not in force yet. */
  prepared(worker: ToldWorker): void {
    this.health.greet(worker);
    this.watching.greet(worker);
  }

  gone(worker: ToldWorker): void {
    this.watching.gone(worker);
    this.book.gone(worker);
  }

  async close(): Promise<void> {
    await this.saves.close();
    this.#tickets.close();
  }
}
