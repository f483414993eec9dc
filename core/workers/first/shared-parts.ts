import { SharedBook } from "./shared-book.ts";
import { SharedHealth } from "./shared-health.ts";
import { TicketRotation } from "./ticket-rotation.ts";
import type { ToldWorker } from "./told-worker.ts";
import { Watching } from "./watching.ts";

/** What all workers have in common, beside the generation: it is here, and outlives each of them (ADR 0053). */
export class SharedParts {
  readonly book = new SharedBook();
  readonly health: SharedHealth;
  readonly watching: Watching;
  readonly #tickets: TicketRotation;

  /** @param workers those there are */
  constructor(workers: () => readonly ToldWorker[]) {
    this.health = new SharedHealth(workers);
    this.watching = new Watching(workers);
    this.#tickets = new TicketRotation(workers);
  }

  /** A worker can be told something. */
  up(worker: ToldWorker): void {
    this.#tickets.greet(worker);
  }

  /** It has a proxy, which is not in force yet. */
  prepared(worker: ToldWorker): void {
    this.health.greet(worker);
    this.watching.greet(worker);
  }

  gone(worker: ToldWorker): void {
    this.watching.gone(worker);
    this.book.gone(worker);
  }

  close(): void {
    this.#tickets.close();
  }
}
