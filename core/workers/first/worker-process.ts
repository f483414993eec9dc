import cluster, { type Worker } from "node:cluster";
import { SluiceError } from "../../contract/index.ts";
import { closeConnection, type Connection } from "../../net/node/raw-accept.ts";
import type { FirstCalls, WorkerCalls } from "../wire/calls.ts";
import { Channel } from "../wire/channel.ts";
import { Deferred } from "../wire/deferred.ts";
import type { SharedParts } from "./shared-parts.ts";

/** A connection on its way to a worker. */
export interface OnItsWay {
  readonly socket: number;
  readonly connection: Connection;
}

/** What a worker says, and who it was. */
export type Listening = Pick<FirstCalls, "event" | "log"> & {
  readonly shared: SharedParts;
  /** @param lost connections that it has not taken any more */
  gone(worker: WorkerProcess, lost: readonly OnItsWay[]): void;
};

/** How long one may take until it can be asked. */
const UP_MS = 60_000;

/** One worker, as the first process sees it. */
export class WorkerProcess {
  readonly channel: Channel<WorkerCalls>;
  readonly startedAt = Date.now();
  /** The sockets whose connections it takes. */
  serves: ReadonlySet<number> = new Set();
  /** Undefined: it does not serve yet. */
  servesSince: number | undefined;
  isGone = false;
  /** Of how it died. */
  how = "";
  #onItsWay: OnItsWay[] = [];
  #open = 0;
  readonly #up = new Deferred<void>();
  readonly #gone = new Deferred<void>();
  readonly #worker: Worker;

  constructor(
    /** Its place among the others; one that is replaced leaves it to its successor. */
    readonly place: number,
    listening: Listening,
  ) {
    this.#worker = cluster.fork();
    const { book, health, watching } = listening.shared;
    const own: FirstCalls = {
      up: () => {
        listening.shared.up(this);
        this.#up.resolve();
      },
      taken: (count, open) => {
        this.#open = open;
        for (const { connection } of this.#onItsWay.splice(0, count)) closeConnection(connection);
      },
      event: (event) => {
        listening.event(event);
      },
      log: (line) => {
        listening.log(line);
      },
      shown: (number, value, missed) => {
        watching.shown(this, number, value, missed);
      },
      take: (price) => book.take(price),
      once: (key) => book.ask(this, key),
      eject: (standing, seen) => health.eject(this, standing, seen),
      standing: (standing) => {
        health.tell(this, standing);
      },
      forgetEndpoint: (listener, endpoint) => {
        health.forget(listener, endpoint);
      },
      found: (...said) => {
        book.found(...said);
      },
      notFound: (...said) => {
        book.notFound(...said);
      },
    };
    this.channel = new Channel<WorkerCalls>((packet, connection) => {
      // It may be gone already, which its `exit` tells.
      this.#worker.process.send(packet, connection as never, undefined, () => undefined);
    }, own);
    this.#worker.process.on("message", (packet: unknown) => {
      this.channel.receive(packet);
    });
    this.#worker.on("error", () => undefined);
    this.#worker.process.on("error", () => undefined);
    this.#worker.process.once("exit", (code, signal) => {
      this.#left(listening, signal ?? `exit code ${code}`);
    });
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  /** Connections that it has not taken yet. */
  get pending(): number {
    return this.#onItsWay.length;
  }

  /** Its stream sessions, at most: those that it has told of, and connections that may become one. */
  get sessions(): number {
    return this.#open + this.#onItsWay.length;
  }

  /** Resolves when it can be asked. @throws SLUICE_WORKER_LOST */
  async up(): Promise<void> {
    const timer = setTimeout(() => {
      this.#up.reject(new SluiceError("SLUICE_WORKER_LOST", `${String(this)} did not start within ${UP_MS} ms`));
    }, UP_MS);
    try {
      await this.#up.promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves when it is gone. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** @param elsewhere sessions of the other workers */
  take(each: OnItsWay, elsewhere: number): void {
    this.#onItsWay.push(each);
    this.channel.hand("connection", [each.socket, elsewhere], each.connection);
  }

  /** It has closed, and may exit. */
  leave(): void {
    this.#worker.process.disconnect();
  }

  /** Ends it at once; its sessions are lost. */
  kill(): void {
    this.#worker.process.kill("SIGKILL");
  }

  toString(): string {
    return `worker ${this.place + 1} (pid ${this.pid})`;
  }

  #left(listening: Listening, how: string): void {
    this.isGone = true;
    this.how = how;
    const error = new SluiceError("SLUICE_WORKER_LOST", `${String(this)} died: ${how}`);
    this.#up.reject(error);
    this.channel.end(error);
    listening.shared.gone(this);
    listening.gone(this, this.#onItsWay.splice(0));
    this.#gone.resolve();
  }
}
