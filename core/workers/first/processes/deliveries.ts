import type { ChildProcess } from "node:child_process";
import { closeConnection, type Connection } from "../../../net/node/raw-accept.ts";

/** A connection on its way to a worker. */
export interface OnItsWay {
  readonly socket: number;
  readonly connection: Connection;
  /** The key of its client, if the sessions of each client are counted. */
  readonly client?: string | undefined;
  /** Set if it gets no room: milliseconds that it has waited; 0: the queue was full. */
  readonly waited?: number | undefined;
}

/** The connections that were sent to a worker, up to its report that it has taken them. */
export class Deliveries {
  readonly #open: OnItsWay[] = [];
  /** How many of them its process has received. */
  #received = 0;

  /** Undocumented: Node's acknowledgement of a handle. Without it, all of them count as not received until they are reported. */
  watch(worker: ChildProcess): void {
    worker.on("internalMessage", (message: { readonly cmd?: unknown } | null) => {
      if (message?.cmd === "NODE_HANDLE_ACK") this.#received += 1;
    });
  }

  get count(): number {
    return this.#open.length;
  }

  /** The number of those of one socket. @param client only those of this client */
  countOf(socket: number | undefined, client?: string): number {
    return this.#open.filter((each) => each.socket === socket && (client === undefined || each.client === client)).length;
  }

  add(each: OnItsWay): void {
    this.#open.push(each);
  }

  /** The worker has taken the first of them. They are its own from now on. */
  taken(count: number): void {
    for (const { connection } of this.#open.splice(0, count)) closeConnection(connection);
    // A plugin's own servers get handles too.
    this.#received = Math.min(Math.max(0, this.#received - count), this.#open.length);
  }

  /**
   * The worker has died. Those that it had received end with it, since it may have read from them, or have died of one.
   *
   * @returns those that another worker can serve
   */
  end(): readonly OnItsWay[] {
    this.taken(this.#received);
    return this.#open.splice(0);
  }
}
