import type { ResolvedConfig, ResolvedQueue } from "../../../contract/index.ts";
import { transportOf } from "../../../net/transports/table.ts";
import type { HandedSocket } from "../../wire/calls.ts";

/** The limits for the sessions of a socket's listener. */
export interface LimitsOfSocket {
  /** The name of the listener. */
  readonly name: string;
  readonly sessions: number | undefined;
  /** How many clients may wait for room, and for how many milliseconds. Undefined: none. */
  readonly queue: ResolvedQueue | undefined;
  /** Whether the sessions of each client are counted. */
  readonly countsClients: boolean;
}

/** The limits of the listeners in force, by socket. */
export class LimitsOfSockets {
  #sockets: ReadonlyMap<number, LimitsOfSocket> = new Map();
  #names: ReadonlyMap<string, number> = new Map();
  /** The limit of sessions for all listeners together. */
  most = Infinity;

  of(socket: number): LimitsOfSocket | undefined {
    return this.#sockets.get(socket);
  }

  /** The socket that a listener has now. */
  socketOf(name: string): number | undefined {
    return this.#names.get(name);
  }

  /** A generation is in force. */
  take({ limits, listeners }: ResolvedConfig, plan: ReadonlyMap<string, HandedSocket>): void {
    const sockets = new Map<number, LimitsOfSocket>();
    const countsClients = limits.sessionsPerClient < limits.sessions;
    for (const { name, address, limits: own } of listeners) {
      const id = plan.get(name)?.id;
      const counts = countsClients && !transportOf(address).anonymous;
      if (id !== undefined) sockets.set(id, { name, sessions: own?.sessions, queue: own?.queue, countsClients: counts });
    }
    this.#sockets = sockets;
    this.#names = new Map(Array.from(sockets, ([id, { name }]) => [name, id]));
    this.most = limits.sessions;
  }
}
