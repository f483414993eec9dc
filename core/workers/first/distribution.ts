import { closeConnection } from "../../net/node/raw-accept.ts";
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
  constructor(private readonly workers: () => readonly WorkerProcess[]) {}

  take(each: OnItsWay): void {
    const worker = this.#next(each.socket);
    if (worker !== undefined) worker.take(each, this.#sessionsBeside(worker));
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

  /** Of the others: perhaps too many, never too few, so that all together keep `limits.sessions`. */
  #sessionsBeside(worker: WorkerProcess): number {
    return this.workers().reduce((sum, other) => (other === worker ? sum : sum + other.sessions), 0);
  }

  #next(socket: number): WorkerProcess | undefined {
    const serving = this.workers().filter(({ serves, isGone }) => !isGone && serves.has(socket));
    if (serving.length === 0) return undefined;
    this.#turn = (this.#turn + 1) % serving.length;
    const inTurn = [...serving.slice(this.#turn), ...serving.slice(0, this.#turn)];
    return inTurn.find(({ pending }) => pending < MOST_PENDING) ?? inTurn[0];
  }
}
