import cluster, { type Worker } from "node:cluster";
import { reasonOf, SluiceError, type ResolvedConfig } from "../../../contract/index.ts";
import type { FirstCalls, GenerationOrder, OpenHere, SetUp } from "../../wire/calls.ts";
import { Deferred } from "../../wire/deferred.ts";
import { WorkerChannel } from "../../wire/worker-channel.ts";
import type { Elsewhere } from "../../../runtime/state/neighbours.ts";
import { ClientsOfWorker } from "./clients-of-worker.ts";
import { Deliveries, type OnItsWay } from "./deliveries.ts";
import type { SharedParts } from "../shared/shared-parts.ts";
import { Watchdog } from "./watchdog.ts";
import { deadlineOf } from "./within.ts";

/** Takes the messages of workers, with the worker that sent them. */
export type Listening = Pick<FirstCalls, "event" | "tried" | "log"> & {
  readonly shared: SharedParts;
  /** Sessions of a worker may have ended. */
  left(): void;
  /** The number of sessions that a client has on a listener in the other workers. */
  sessionsOf(worker: WorkerProcess, listener: string, client: string): number;
  /** A worker does not answer for so long that it would be killed, had it no excuse. */
  excused(worker: WorkerProcess, excuse: string): void;
  /** @param lost connections that were sent to it and that it did not receive */
  gone(worker: WorkerProcess, lost: readonly OnItsWay[]): void;
};

/** Milliseconds that a worker may take until it can be asked. */
const UP_MS = 60_000;

/** One worker process, seen from the first process. */
export class WorkerProcess {
  readonly channel: WorkerChannel;
  /** Ids of the sockets whose connections it takes. */
  serves: ReadonlySet<number> = new Set();
  /** Undefined: it does not serve yet. */
  servesSince: number | undefined;
  /** It has died, or is about to: others do its work. */
  isGone = false;
  hasEnded = false;
  /** Why it is gone, in words. */
  how = "";
  #killed: string | undefined;
  readonly #onItsWay = new Deliveries();
  #streams = 0;
  #listeners: ReadonlyMap<string, number> = new Map();
  readonly #clients = new ClientsOfWorker();
  readonly #up = new Deferred<void>();
  readonly #gone = new Deferred<void>();
  readonly #worker: Worker;
  readonly #watchdog: Watchdog;

  constructor(
    /** Its place among the workers; a replacement gets the same place. */
    readonly place: number,
    listening: Listening,
  ) {
    this.#worker = cluster.fork();
    this.#watchdog = new Watchdog({
      pid: this.pid,
      ask: () => {
        this.channel.tell("answer");
      },
      silent: (seconds, excuse) => {
        if (excuse === undefined) this.kill(hung(seconds));
        else listening.excused(this, excuse);
      },
    });
    this.channel = new WorkerChannel(
      String(this),
      (packet, connection) => {
        // It may already be gone, which its `exit` event reports.
        this.#worker.process.send(packet, connection as never, undefined, () => undefined);
      },
      this.#calls(listening),
    );
    this.#onItsWay.watch(this.#worker.process);
    this.#worker.process.on("message", (packet: unknown) => {
      this.channel.receive(packet);
    });
    this.#worker.on("error", () => undefined);
    this.#worker.process.on("error", (error) => {
      // The process could not be made, so it has no `exit` event. Other errors are those of messages and signals to a process that is gone.
      if (this.pid === 0 && !this.isGone) this.#left(listening, reasonOf(error));
    });
    this.#worker.process.once("exit", (code, signal) => {
      this.#left(listening, this.#killed ?? signal ?? `exit code ${code}`);
    });
  }

  get pid(): number {
    return this.#worker.process.pid ?? 0;
  }

  /** The number of connections that it has not taken yet. */
  get pending(): number {
    return this.#onItsWay.count;
  }

  /** Whether it does not answer at this moment. */
  get isHanging(): boolean {
    return this.#watchdog.isHanging;
  }

  /** The number of its stream sessions at most: those that it has reported, and connections on their way. */
  get sessions(): number {
    return this.#streams + this.#onItsWay.count;
  }

  /** The same for one listener. @param socket the socket of its clients */
  sessionsOn(listener: string, socket: number): number {
    return (this.#listeners.get(listener) ?? 0) + this.#onItsWay.countOf(socket);
  }

  /** The same for one client of a listener. @param socket undefined: only sessions that the worker has reported */
  sessionsOf(client: string, listener: string, socket?: number): number {
    return this.#clients.of(listener, client) + this.#onItsWay.countOf(socket, client);
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

  /** Resolves when the process is gone. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** @param elsewhere the numbers of sessions in the other workers */
  take(each: OnItsWay, elsewhere: Elsewhere): void {
    this.#onItsWay.add(each);
    this.channel.hand("connection", [each.socket, elsewhere], each.connection);
  }

  /** Sets a generation up in it. A plugin's setup may keep it busy as long as the config allows. */
  prepare(order: GenerationOrder, config: ResolvedConfig): Promise<SetUp> {
    return this.#watchdog.during(config.timeouts.setup, this.channel.order(deadlineOf(config), "prepare", order));
  }

  /** Its drain is over. If it hangs, it is killed soon. */
  drained(): void {
    this.#watchdog.drained();
  }

  /** The worker has closed its proxy, and may exit. */
  leave(): void {
    this.#worker.process.disconnect();
  }

  /** Ends the process at once; its sessions are lost. @param why for the log */
  kill(why: unknown): void {
    this.#killed ??= reasonOf(why);
    this.#worker.process.kill("SIGKILL");
  }

  toString(): string {
    return `worker ${this.place + 1} (pid ${this.pid})`;
  }

  /** What the worker may call. */
  #calls(listening: Listening): FirstCalls {
    const { book, health, watching } = listening.shared;
    return {
      up: () => {
        listening.shared.up(this);
        this.#watchdog.begin();
        this.#up.resolve();
      },
      leaving: () => {
        this.#leaves(listening, "an error in Sluice itself: it takes no more connections, and ends when its sessions have ended");
      },
      answered: (debugged) => {
        this.#watchdog.answered(debugged);
      },
      taken: (count, open) => {
        this.#took(count, open);
        listening.left();
      },
      counted: (clients) => {
        this.#clients.take(clients);
      },
      sessionsOf: (listener, client) => listening.sessionsOf(this, listener, client),
      event: (event) => {
        listening.event(event);
      },
      tried: (...fault) => {
        listening.tried(...fault);
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
  }

  #took(count: number, { streams, listeners, clients }: OpenHere): void {
    this.#streams = streams;
    this.#listeners = listeners;
    this.#clients.take(clients);
    this.#onItsWay.taken(count);
  }

  /** It is replaced now, and ends when its sessions have. */
  #leaves(listening: Listening, how: string): void {
    if (this.isGone) return;
    this.isGone = true;
    this.how = how;
    listening.gone(this, this.#onItsWay.end());
  }

  #left(listening: Listening, how: string): void {
    this.hasEnded = true;
    this.#watchdog.end();
    this.#leaves(listening, how);
    const error = new SluiceError("SLUICE_WORKER_LOST", `${String(this)} died: ${how}`);
    this.#up.reject(error);
    this.channel.end(error);
    listening.shared.gone(this);
    this.#gone.resolve();
  }
}

function hung(seconds: number): string {
  return `it did not answer for ${seconds} s, and was killed: a plugin kept it busy, with an endless loop or a call that blocks; to find it, see "A worker that hangs" in docs/workers.md`;
}
