import { randomBytes } from "node:crypto";
import { TICKET_KEYS_BYTES } from "../../../net/accept/tls/ticket-keys.ts";
import type { ToldWorker } from "./told-worker.ts";

/**
 * Milliseconds for which the same keys are used. A ticket is valid for 5 minutes (Node's `sessionTimeout`), so few tickets are lost when the keys
 * change.
 */
const LIFETIME = 3_600_000;

/** The keys of TLS session tickets, the same in all workers, made here and never written down. */
export class TicketRotation {
  #keys = randomBytes(TICKET_KEYS_BYTES);
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly workers: () => readonly ToldWorker[]) {
    this.#timer = setInterval(() => {
      this.rotate();
    }, LIFETIME).unref();
  }

  rotate(): void {
    this.#keys = randomBytes(TICKET_KEYS_BYTES);
    for (const worker of this.workers()) this.greet(worker);
  }

  /** Sends the keys to a new worker. */
  greet(worker: ToldWorker): void {
    worker.channel.tell("ticketKeys", this.#keys);
  }

  close(): void {
    clearInterval(this.#timer);
  }
}
