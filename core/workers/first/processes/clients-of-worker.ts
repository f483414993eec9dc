import type { CountedClient } from "../../wire/calls.ts";

/** The number of sessions that each client has on each listener, in one worker. */
export class ClientsOfWorker {
  readonly #sessions = new Map<string, Map<string, number>>();

  take(counted: readonly CountedClient[]): void {
    for (const each of counted) this.#set(each);
  }

  of(listener: string, client: string): number {
    return this.#sessions.get(listener)?.get(client) ?? 0;
  }

  #set({ listener, client, sessions }: CountedClient): void {
    const clients = this.#sessions.get(listener) ?? new Map<string, number>();
    if (sessions > 0) clients.set(client, sessions);
    else clients.delete(client);
    if (clients.size > 0) this.#sessions.set(listener, clients);
    else this.#sessions.delete(listener);
  }
}
