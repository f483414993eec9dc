import { closeConnection } from "../../net/node/raw-accept.ts";
import type { Elsewhere } from "../../runtime/state/neighbours.ts";
import type { LimitsOfSockets } from "./limits-of-sockets.ts";
import type { OnItsWay, WorkerProcess } from "./worker-process.ts";

/** Connections that one worker has not taken yet: one that is busy gets no more while another is not. */
const MOST_PENDING = 32;
/** Connections that wait for a worker to serve them, as after the death of the last one. */
const MOST_WAITING = 4096;

/** Gives each connection to a worker: to one after the other, past those that are busy. */
export class Distribution {
  readonly #waiting: OnItsWay[] = [];
  #turn = 0;

  /** @param workers those there are, in their order */
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

  /** Those that waited, as far as there is a worker for them now. @param sockets that there are: who came to others is turned away */
  again(sockets: ReadonlySet<number>): void {
    for (const each of this.#waiting.splice(0))
      if (sockets.has(each.socket)) this.take(each);
      else closeConnection(each.connection);
  }

  /** Turns away who waits. */
  close(): void {
    for (const { connection } of this.#waiting.splice(0)) closeConnection(connection);
  }

  /** What the others have: perhaps too many, never too few, so that all together keep the limits. */
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
    return inTurn.find(({ pending }) => pending < MOST_PENDING) ?? inTurn[0];
  }
}
