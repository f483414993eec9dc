import type { HttpHeaders } from "sluice";
import type { Carrier } from "../connection/carrier.ts";
import { ClientShares } from "./client-shares.ts";
import { Deadline } from "../../message/deadline.ts";

/** Milliseconds after its header from which on a response counts as a lasting one. */
const LASTING_MS = 1_000;
const events = /^text\/event-stream\b/i;

/**
 * Knows which connections to one endpoint carry a lasting response (events, a long download), so that they do not take the place of short
 * requests. They are checked only while a request waits for a place.
 */
export class LastingResponses {
  /** Connections whose responses are coming. No Map: its old tables would keep them alive (ADR 0060). */
  readonly #streams: Carrier[] = [];
  /** Before this time none of them becomes a lasting one. */
  #dueAt = Infinity;
  readonly #lasting = new Set<Carrier>();
  readonly #shares: ClientShares;
  readonly #deadline: Deadline;

  /**
   * @param most the most lasting responses; one client may have half of them
   * @param lasts called when a response becomes a lasting one
   * @param due called when another response may have become a lasting one
   */
  constructor(
    private readonly most: number,
    private readonly lasts: (client: string) => void,
    due: () => void,
  ) {
    this.#shares = new ClientShares(Math.ceil(most / 2));
    this.#deadline = new Deadline({ expired: due });
  }

  get size(): number {
    return this.#lasting.size;
  }

  has(connection: Carrier): boolean {
    return this.#lasting.has(connection);
  }

  /** Notes the header of a response. @returns whether it is a lasting one already by its type */
  begin(connection: Carrier, headers: HttpHeaders): boolean {
    connection.answeredAt = performance.now();
    this.#streams.push(connection);
    this.#dueAt = Math.min(this.#dueAt, connection.answeredAt + LASTING_MS);
    return events.test(String(headers["content-type"] ?? "")) && this.#add(connection);
  }

  /** Marks the responses that have become lasting ones, and sets a timer for the next. */
  sort(): void {
    const now = performance.now();
    const next = now < this.#dueAt ? this.#dueAt : this.#markDue(now);
    if (next !== Infinity) this.#deadline.set(Math.ceil(next - now));
  }

  /** Notes the end of a response. @returns whether it was a lasting one */
  end(connection: Carrier, client: string | undefined): boolean {
    this.#forget(connection);
    if (!this.#lasting.delete(connection)) return false;
    if (client !== undefined) this.#shares.giveBack(client);
    return true;
  }

  /** @returns the time at which the next one is due */
  #markDue(now: number): number {
    let next = Infinity;
    let isRefused = false;
    // From the end: one that is removed is replaced by the last.
    for (let at = this.#streams.length - 1; at >= 0; at -= 1) {
      const connection = this.#streams[at] as Carrier;
      const dueAt = connection.answeredAt + LASTING_MS;
      if (dueAt > now) next = Math.min(next, dueAt);
      else if (!this.#add(connection)) isRefused = true;
    }
    // One that may not become a lasting one now may do so at any time.
    this.#dueAt = isRefused ? 0 : next;
    return next;
  }

  #forget(connection: Carrier): void {
    if (connection.answeredAt === 0) return;
    connection.answeredAt = 0;
    const last = this.#streams.pop();
    if (last !== undefined && last !== connection) this.#streams[this.#streams.indexOf(connection)] = last;
    if (this.#streams.length > 0) return;
    this.#dueAt = Infinity;
    this.#deadline.stop();
  }

  #add(connection: Carrier): boolean {
    const { client } = connection;
    if (client === undefined || this.#lasting.size >= this.most || !this.#shares.isOpenTo(client)) return false;
    this.#forget(connection);
    this.#lasting.add(connection);
    this.#shares.take(client);
    this.lasts(client);
    return true;
  }
}
