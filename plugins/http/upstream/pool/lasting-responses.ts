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
  /** Connections whose responses are coming, with the times of their headers. */
  readonly #streams = new Map<Carrier, number>();
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
    this.#streams.set(connection, performance.now());
    return events.test(String(headers["content-type"] ?? "")) && this.#add(connection);
  }

  /** Marks the responses that have become lasting ones, and sets a timer for the next. */
  sort(): void {
    const now = performance.now();
    for (const [connection, since] of this.#streams) {
      const left = since + LASTING_MS - now;
      if (left > 0) {
        this.#deadline.set(Math.ceil(left));
        return;
      }
      this.#add(connection);
    }
  }

  /** Notes the end of a response. @returns whether it was a lasting one */
  end(connection: Carrier, client: string | undefined): boolean {
    this.#streams.delete(connection);
    if (this.#streams.size === 0) this.#deadline.stop();
    if (!this.#lasting.delete(connection)) return false;
    if (client !== undefined) this.#shares.giveBack(client);
    return true;
  }

  #add(connection: Carrier): boolean {
    const { client } = connection;
    if (client === undefined || this.#lasting.size >= this.most || !this.#shares.isOpenTo(client)) return false;
    this.#streams.delete(connection);
    this.#lasting.add(connection);
    this.#shares.take(client);
    this.lasts(client);
    return true;
  }
}
