import { SluiceError } from "../../contract/index.ts";
import type { AcceptedClient } from "../../net/accept/accepted-client.ts";

/**
 * Milliseconds between two checks that a waiting client is still there. It is not read, so without them a client that has left would keep its place.
 */
const LOOK_MS = 400;

/** The listener, as its queue sees it. */
export interface ClientQueueOwner {
  readonly name: string;
  turnAway(client: AcceptedClient, error: SluiceError): void;
}

/** @param waited milliseconds that the client has waited for room @param sessions the limit */
export function noRoomIn({ name }: Pick<ClientQueueOwner, "name">, waited: number, sessions?: number): SluiceError {
  const why = waited === 0 ? `${sessions} sessions are open` : `there was no room for another session within ${waited} ms`;
  return new SluiceError("SLUICE_LIMIT_SESSIONS", `listener "${name}": ${why}`);
}

/** Clients that wait until their listener has room for another session, first come, first served. */
export class ClientQueue {
  readonly #waiting = new Map<AcceptedClient, NodeJS.Timeout>();
  #look: NodeJS.Timeout | undefined;

  constructor(private readonly owner: ClientQueueOwner) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** @param timeout milliseconds */
  wait(client: AcceptedClient, timeout: number): void {
    const timer = setTimeout(() => {
      this.#leave(client);
      this.owner.turnAway(client, noRoomIn(this.owner, timeout));
    }, timeout);
    timer.unref();
    this.#waiting.set(client, timer);
    this.#look ??= setInterval(() => this.#sort(), LOOK_MS).unref();
  }

  /** Takes the client that has waited longest. */
  next(): AcceptedClient | undefined {
    const [first] = this.#waiting.keys();
    if (first !== undefined) this.#leave(first);
    return first;
  }

  /** Refuses all waiting clients. */
  close(): void {
    for (let client = this.next(); client !== undefined; client = this.next())
      this.owner.turnAway(client, new SluiceError("SLUICE_CLOSED", `listener "${this.owner.name}" was closed`));
  }

  #sort(): void {
    for (const client of [...this.#waiting.keys()].filter((each) => each.isGone())) {
      this.#leave(client);
      this.owner.turnAway(client, new SluiceError("SLUICE_CLIENT_RESET", `${String(client.address())} left before it was served`));
    }
  }

  #leave(client: AcceptedClient): void {
    clearTimeout(this.#waiting.get(client));
    this.#waiting.delete(client);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }
}
