import { clientKey, SluiceError, type SocketAddress } from "../../contract/index.ts";

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

/**
 * A session's client turns out to be another: it is counted as that one.
 * @param most sessions of one client
 * @returns why it has one too many, where it has
 */
export function recount(session: Counted, most: number, rename: () => void): SluiceError | undefined {
  const count = session.countedBy;
  count?.leave(session);
  rename();
  count?.enter(session);
  if (count === undefined || count.of(session.client) <= most) return undefined;
  return new SluiceError("SLUICE_LIMIT_SESSIONS_PER_CLIENT", `${String(session.client)} has ${most} sessions open`);
}
