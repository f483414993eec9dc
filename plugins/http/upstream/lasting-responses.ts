import type { HttpHeaders } from "sluice";
import type { Carrier } from "./carrier.ts";
import { ClientShares } from "./client-shares.ts";
import { Deadline } from "../message/deadline.ts";

/** Milliseconds after its header from which a response that still comes counts as one that lasts. */
const LASTING_MS = 1_000;
const events = /^text\/event-stream\b/i;

/**
 * Tells which connections to one endpoint carry a response that lasts (events, a long download), so that these take no place of requests that are soon
 * answered. Looked at only while something waits for such a place.
 */
export class LastingResponses {
  /** Connections whose responses come, by when their headers came. */
  readonly #streams = new Map<Carrier, number>();
  readonly #lasting = new Set<Carrier>();
  readonly #shares: ClientShares;
  readonly #deadline: Deadline;

  /**
   * @param most of them; a client has half at most
   * @param lasts called for each that has become one
   * @param due called when another may become one
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

  /** The header of a response has come. @returns whether it is one that lasts, whatever its time */
  begin(connection: Carrier, headers: HttpHeaders): boolean {
    this.#streams.set(connection, performance.now());
    return events.test(String(headers["content-type"] ?? "")) && this.#add(connection);
  }

  /** Counts apart what lasts by now, and comes back for the rest. */
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

  /** Its response has ended. @returns whether it was one that lasts */
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
