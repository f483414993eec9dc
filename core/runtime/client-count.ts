import { clientKey, type SocketAddress } from "../contract/index.ts";

/** Who is counted: a session. */
export interface Counted {
  readonly client: SocketAddress;
  /** The count's own. */
  countedBy: ClientCount | undefined;
}

/** How many sessions each client has open on one listener, for `limits.sessionsPerClient`. */
export class ClientCount {
  readonly #open = new Map<string, number>();

  of(client: SocketAddress): number {
    return this.#open.get(clientKey(client)) ?? 0;
  }

  /** Counts a session, once. */
  enter(session: Counted): void {
    if (session.countedBy === this) return;
    session.countedBy = this;
    const key = clientKey(session.client);
    this.#open.set(key, (this.#open.get(key) ?? 0) + 1);
  }

  /** A session has ended; nothing when it was not counted here. */
  leave(session: Counted): void {
    if (session.countedBy !== this) return;
    session.countedBy = undefined;
    const key = clientKey(session.client);
    const count = (this.#open.get(key) ?? 0) - 1;
    if (count > 0) this.#open.set(key, count);
    else this.#open.delete(key);
  }
}
