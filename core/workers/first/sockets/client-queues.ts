import { closeConnection, isConnected } from "../../../net/node/raw-accept.ts";
import type { LimitsOfSocket, LimitsOfSockets } from "./limits-of-sockets.ts";
import type { OnItsWay } from "../processes/deliveries.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";

/**
 * Milliseconds between two checks that a waiting client is still there. It is not read, so without them a client that has left would keep its place.
 */
const LOOK_MS = 400;

/** Clients that wait, unread, until their listener has room for another session in any worker: first come, first served. */
export class ClientQueues {
  /** By listener. */
  readonly #waiting = new Map<string, Map<OnItsWay, NodeJS.Timeout>>();
  #look: NodeJS.Timeout | undefined;

  /** @param pass gives a client to a worker, which serves it, or refuses it if it has waited too long */
  constructor(
    private readonly workers: () => readonly WorkerProcess[],
    private readonly limits: LimitsOfSockets,
    private readonly pass: (client: OnItsWay) => void,
  ) {}

  take(client: OnItsWay): void {
    const limits = this.limits.of(client.socket);
    const waiting = limits === undefined ? 0 : (this.#waiting.get(limits.name)?.size ?? 0);
    // If all listeners together are full nobody waits: the worker refuses the client.
    if (limits?.queue === undefined || this.#isFull || (waiting === 0 && this.#hasRoom(limits, client.socket))) this.pass(client);
    else if (waiting >= limits.queue.max) this.pass({ ...client, waited: 0 });
    else this.#wait(limits.name, client, limits.queue.timeout);
  }

  /** Admits waiting clients as long as there is room. */
  again(): void {
    for (const [name, waiting] of this.#waiting) {
      const socket = this.limits.socketOf(name);
      for (const client of waiting.keys()) {
        if (socket !== undefined && (this.#isFull || !this.#hasRoom(this.limits.of(socket), socket))) break;
        this.#leave(name, client);
        if (socket === undefined) closeConnection(client.connection);
        else this.pass({ ...client, socket });
      }
    }
  }

  /** Refuses all waiting clients. */
  close(): void {
    for (const [name, waiting] of this.#waiting)
      for (const client of waiting.keys()) {
        this.#leave(name, client);
        closeConnection(client.connection);
      }
  }

  get #isFull(): boolean {
    return this.workers().reduce((all, worker) => all + worker.sessions, 0) >= this.limits.most;
  }

  #hasRoom(limits: LimitsOfSocket | undefined, socket: number): boolean {
    if (limits?.sessions === undefined) return true;
    return this.workers().reduce((all, worker) => all + worker.sessionsOn(limits.name, socket), 0) < limits.sessions;
  }

  #wait(name: string, client: OnItsWay, timeout: number): void {
    const waiting = this.#waiting.get(name) ?? new Map<OnItsWay, NodeJS.Timeout>();
    this.#waiting.set(name, waiting);
    const inVain = (): void => {
      this.#leave(name, client);
      this.pass({ ...client, socket: this.limits.socketOf(name) ?? client.socket, waited: timeout });
    };
    waiting.set(client, setTimeout(inVain, timeout).unref());
    this.#look ??= setInterval(() => this.#sort(), LOOK_MS).unref();
  }

  #sort(): void {
    for (const [name, waiting] of this.#waiting)
      for (const client of waiting.keys()) {
        if (isConnected(client.connection)) continue;
        this.#leave(name, client);
        closeConnection(client.connection);
      }
  }

  #leave(name: string, client: OnItsWay): void {
    const waiting = this.#waiting.get(name);
    clearTimeout(waiting?.get(client));
    waiting?.delete(client);
    if (waiting?.size === 0) this.#waiting.delete(name);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }
}
