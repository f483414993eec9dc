import { clientKey, SluiceError, type SocketAddress } from "../../contract/index.ts";

/** Other processes that count the clients of the same listener. */
export interface CountedElsewhere {
  /** Reports the number of sessions that a client has in this process now. @param client its key */
  counted(client: string, sessions: number): void;
  /** The number of sessions that a client has in all other processes. */
  sessionsOf(client: string): Promise<number>;
}

/** What is counted: a session. */
export interface CountedSession {
  readonly client: SocketAddress;
  /** Set and read by the count only. */
  countedBy: ClientCount | undefined;
}

/** Counts the open sessions of each client on one listener, for `limits.sessionsPerClient`. */
export class ClientCount {
  readonly #open = new Map<string, number>();

  /** @param elsewhere other processes that count too; they get each new number */
  constructor(private readonly elsewhere?: CountedElsewhere) {}

  of(client: SocketAddress): number {
    return this.#open.get(clientKey(client)) ?? 0;
  }

  get isShared(): boolean {
    return this.elsewhere !== undefined;
  }

  /** The number of sessions that it has in all processes. */
  async everywhere(client: SocketAddress): Promise<number> {
    return this.of(client) + ((await this.elsewhere?.sessionsOf(clientKey(client))) ?? 0);
  }

  /** Counts a session, once. */
  enter(session: CountedSession): void {
    if (session.countedBy === this) return;
    session.countedBy = this;
    this.#add(clientKey(session.client), 1);
  }

  /** A session has ended. Does nothing if it was not counted here. */
  leave(session: CountedSession): void {
    if (session.countedBy !== this) return;
    session.countedBy = undefined;
    this.#add(clientKey(session.client), -1);
  }

  /** Forgets all counts. */
  close(): void {
    for (const key of this.#open.keys()) this.elsewhere?.counted(key, 0);
    this.#open.clear();
  }

  #add(key: string, more: number): void {
    const count = Math.max(0, (this.#open.get(key) ?? 0) + more);
    if (count > 0) this.#open.set(key, count);
    else this.#open.delete(key);
    this.elsewhere?.counted(key, count);
  }
}

/**
 * A session's client turns out to be another one: the session is counted for that client from now on.
 * @param most sessions that one client may have
 * @param fail called with the reason, if the client has one session too many
 * @returns a promise if other processes have to be asked first; it resolves when the decision is made
 */
export function recount(
  session: CountedSession,
  most: number,
  rename: () => void,
  fail: (error: SluiceError) => void,
): Promise<void> | undefined {
  const count = session.countedBy;
  count?.leave(session);
  rename();
  count?.enter(session);
  if (count === undefined) return undefined;
  const { client } = session;
  if (count.of(client) > most) fail(tooMany(client, most));
  else if (count.isShared) return recountEverywhere(session, count, most, fail);
  return undefined;
}

async function recountEverywhere(
  session: CountedSession,
  count: ClientCount,
  most: number,
  fail: (error: SluiceError) => void,
): Promise<void> {
  const { client } = session;
  const all = await count.everywhere(client);
  if (session.countedBy === count && session.client === client && all > most) fail(tooMany(client, most));
}

export function tooMany(client: SocketAddress, most: number): SluiceError {
  return new SluiceError("SLUICE_LIMIT_SESSIONS_PER_CLIENT", `${String(client)} has ${most} sessions open`);
}
