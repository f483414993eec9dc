import { closeConnection } from "../../../net/node/raw-accept.ts";
import type { Elsewhere } from "../../../runtime/state/neighbours.ts";
import type { LimitsOfSockets } from "./limits-of-sockets.ts";
import type { OnItsWay } from "../processes/deliveries.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";

/** Connections sent to one worker that it has not taken yet. A worker with so many counts as busy, and gets no more while another is not. */
const MOST_PENDING = 32;
/** Connections that may wait while there is no worker, for example after the last one has died. */
const MOST_WAITING = 4096;

/** Gives each connection to a worker: to the workers in turn, leaving out busy ones, and those that hang. */
export class Distribution {
  readonly #waiting: OnItsWay[] = [];
  #turn = 0;

  /** @param workers returns all workers, in their order */
  constructor(
    private readonly workers: () => readonly WorkerProcess[],
    private readonly limits: LimitsOfSockets,
  ) {}

  take(each: OnItsWay): void {
    const worker = this.#next(each.socket);
    if (worker !== undefined) worker.take(each, this.#beside(worker, each));
    else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(each);
    else closeConnection(each.connection);
  }

  /** Distributes waiting connections again, after a worker has come. @param sockets in force; connections of other sockets are closed */
  again(sockets: ReadonlySet<number>): void {
    for (const each of this.#waiting.splice(0))
      if (sockets.has(each.socket)) this.take(each);
      else closeConnection(each.connection);
  }

  /** Closes all waiting connections. */
  close(): void {
    for (const { connection } of this.#waiting.splice(0)) closeConnection(connection);
  }

  /** The numbers of sessions in the other workers. They may be too high but never too low, so that all together keep to the limits. */
  #beside(worker: WorkerProcess, { socket, client, waited }: OnItsWay): Elsewhere {
    const name = this.limits.of(socket)?.name ?? "";
    const others = this.workers().filter((other) => other !== worker);
    const sum = (of: (other: WorkerProcess) => number): number => others.reduce((all, other) => all + of(other), 0);
    return {
      sessions: sum((other) => other.sessions),
      ofListener: this.limits.of(socket)?.sessions === undefined ? 0 : sum((other) => other.sessionsOn(name, socket)),
      ofClient: client === undefined ? 0 : sum((other) => other.sessionsOf(client, name, socket)),
      waited,
    };
  }

  #next(socket: number): WorkerProcess | undefined {
    const serving = this.workers().filter(({ serves, isGone }) => !isGone && serves.has(socket));
    if (serving.length === 0) return undefined;
    this.#turn = (this.#turn + 1) % serving.length;
    const inTurn = [...serving.slice(this.#turn), ...serving.slice(0, this.#turn)];
    const living = inTurn.filter(({ isHanging }) => !isHanging);
    return living.find(({ pending }) => pending < MOST_PENDING) ?? living[0] ?? inTurn[0];
  }
}
