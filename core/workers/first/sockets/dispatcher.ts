import { clientKey, type ResolvedConfig } from "../../../contract/index.ts";
import { peerOf } from "../../../net/node/raw-accept.ts";
import { Distribution } from "./distribution.ts";
import { LimitsOfSockets } from "./limits-of-sockets.ts";
import type { SharedSockets } from "./shared-sockets.ts";
import { ClientQueues } from "./client-queues.ts";
import type { OnItsWay } from "../processes/deliveries.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";

/** Gives each client to a worker. If there is no room, the client first waits in the queue of its listener; then the next worker in turn gets it. */
export class Dispatcher {
  readonly #limits = new LimitsOfSockets();
  readonly #distribution: Distribution;
  readonly #queues: ClientQueues;

  /** @param workers returns all workers, in their order */
  constructor(private readonly workers: () => readonly WorkerProcess[]) {
    this.#distribution = new Distribution(workers, this.#limits);
    this.#queues = new ClientQueues(workers, this.#limits, (client) => {
      this.#distribution.take(client);
    });
  }

  /** A client of a socket. */
  take(client: OnItsWay): void {
    this.#queues.take(this.#counted(client));
  }

  /** The worker that a client was given to has died. */
  again(client: OnItsWay): void {
    this.#distribution.take(client);
  }

  /** Sessions have ended in a worker. */
  left(): void {
    this.#queues.again();
  }

  /** A generation is in force, or a worker has begun to serve. */
  follow(config: ResolvedConfig, sockets: SharedSockets): void {
    this.#limits.take(config, sockets.plan);
    this.#distribution.again(sockets.ids);
    this.#queues.again();
  }

  /** The number of sessions that a client has on a listener in the other workers. */
  sessionsBeside(worker: WorkerProcess, listener: string, client: string): number {
    const others = this.workers().filter((other) => other !== worker);
    return others.reduce((all, other) => all + other.sessionsOf(client, listener), 0);
  }

  close(): void {
    this.#queues.close();
    this.#distribution.close();
  }

  #counted(client: OnItsWay): OnItsWay {
    if (this.#limits.of(client.socket)?.countsClients !== true) return client;
    const address = peerOf(client.connection);
    return address === undefined ? client : { ...client, client: clientKey({ address }) };
  }
}
