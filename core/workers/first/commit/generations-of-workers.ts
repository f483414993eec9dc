import { setTimeout as delay } from "node:timers/promises";
import {
  asSluiceError,
  SluiceError,
  type AdminConfig,
  type ProxyEvent,
  type SocketAddress,
  type TrialView,
} from "../../../contract/index.ts";
import type { ConfigLoader } from "../../../config/load/config-loader.ts";
import { missingForResets } from "../../../net/node/reset-means.ts";
import type { GenerationSource } from "../../../runtime/generation/overrides.ts";
import type { ReloadPlan, ReloadReport } from "../../../runtime/generation/reload-plan.ts";
import type { ProxyOptions } from "../../../runtime/proxy/proxy-options.ts";
import { SerialWork } from "../../../runtime/proxy/serial-work.ts";
import { Steering } from "../../../runtime/proxy/steering.ts";
import { supersededBy, Trials } from "../../../runtime/trial/trials.ts";
import type { Addresses, SetUp } from "../../wire/calls.ts";
import { Deferred } from "../../wire/deferred.ts";
import { deadlineOf, within } from "../processes/within.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";
import type { WorkerSet } from "../processes/worker-set.ts";
import type { SharedParts } from "../shared/shared-parts.ts";
import type { Dispatcher } from "../sockets/dispatcher.ts";
import type { SharedSockets } from "../sockets/shared-sockets.ts";
import { join } from "./join.ts";
import { allBehind } from "./merged-report.ts";
import { Orders } from "./orders.ts";
import { refuseOthers } from "./other-listeners.ts";
import { agree, AT_ONCE_MS, inAll, type RoundParts } from "./round.ts";
import { SaveOfWorkers, type ChangeOfWorkers } from "./save-of-workers.ts";

/** Milliseconds to wait for workers that hang: longer than until they are killed, unless they are stopped or debugged. */
const HANGING_MS = 35_000;
const LOOK_MS = 500;

/** How workers are started, and how they load configs. */
export interface WorkerOptions {
  /** The script that a worker runs. */
  readonly exec: string;
  readonly loader: ConfigLoader;
  /** Takes precedence over the config's `admin`. */
  readonly admin: AdminConfig | undefined;
}

/** The parts of the proxy that generations need. */
export interface GenerationsHost {
  readonly options: ProxyOptions;
  readonly how: WorkerOptions;
  readonly workers: WorkerSet;
  readonly shared: SharedParts;
  readonly sockets: SharedSockets;
  readonly dispatcher: Dispatcher;
  readonly isClosing: boolean;
  readonly counters: { sluice_reloads_total: number };
  plan(wanted: GenerationSource, rebuild: boolean): Promise<ReloadPlan>;
  tell(event: ProxyEvent): void;
  warn(message: string): void;
  /** Does work, then tells which listeners have come, gone or moved by it. */
  withListeners(work: () => Promise<void>): Promise<void>;
  refuse(error: unknown): void;
  /** A new worker is about to serve. Resolves when it can. */
  greet(worker: WorkerProcess): Promise<void>;
}

/** The generation in force in all workers, and the way in which another one replaces it: in all of them or in none. */
export class GenerationsOfWorkers {
  readonly turns = new SerialWork();
  readonly trials: Trials<SaveOfWorkers>;
  readonly steering: Steering;
  current = 0;
  /** The addresses of the datagram listeners. */
  datagrams: Addresses = new Map();
  readonly #orders: Orders;
  /** The newest number that was used. */
  #last = 0;
  #owner: WorkerProcess | undefined;
  /** The next worker that takes a dead one's place. */
  #joined = new Deferred<void>();

  constructor(private readonly proxy: GenerationsHost) {
    this.#orders = new Orders(proxy.options.log, proxy.how.admin);
    this.trials = new Trials({
      inTurn: (work) => this.turns.run(work),
      tell: (event) => {
        proxy.tell(event);
      },
    });
    this.steering = new Steering(
      (want) => this.take(want, false),
      () => this.trials,
    );
  }

  /** Applies what is wanted when it is its turn. @param want called at that moment */
  async take(want: () => GenerationSource, rebuild: boolean): Promise<ReloadReport> {
    await this.#allAnswer();
    await this.#somebodyServes();
    return this.turns.run(() => this.#apply(want(), rebuild));
  }

  /** The save that some sessions try; undefined: none. */
  async trial(): Promise<TrialView | undefined> {
    return this.trials.save?.view();
  }

  /** A worker has died. A save that was on trial there may be the reason. */
  gone(worker: WorkerProcess): void {
    if (this.trials.save?.change.workers.includes(worker) === true) void this.trials.takeBack(`${String(worker)} died: ${worker.how}`);
    void this.turns.run(() => this.#passDatagrams());
  }

  /** Brings the generation in force to a new worker. */
  join(worker: WorkerProcess): Promise<void> {
    return this.turns.run(() => this.#join(worker));
  }

  async #apply(wanted: GenerationSource, rebuild: boolean): Promise<ReloadReport> {
    this.#refuseClosing();
    const started = performance.now();
    const { steps } = await this.proxy.plan(wanted, rebuild);
    const number = this.#last + 1;
    await this.#passDatagrams();
    const workers = this.#ownerFirst(this.current === 0 ? this.proxy.workers.all : this.proxy.workers.serving);
    const change: ChangeOfWorkers = { number, wanted, rebuild, steps, started, workers };
    const order = this.#orders.of(wanted, number, rebuild);
    const deadlineMs = deadlineOf(wanted.config);
    const set = await inAll(workers, deadlineMs, async (worker) => {
      const setUp = await worker.prepare(order, wanted.config);
      refuseOthers(wanted.base, setUp.listeners);
      return setUp;
    });
    if (wanted.origin === "config" && set.length > 0 && set.every(({ tries }) => tries.length > 0)) return this.#try(change, set);
    const tried = this.trials.save;
    await this.trials.takeBack(supersededBy(wanted));
    const report = await this.#enact(change, set);
    if (tried !== undefined && wanted.origin === "override") this.#tryAgain(tried);
    return report;
  }

  /** Begins the trial of a save, and ends the previous trial. */
  async #try(change: ChangeOfWorkers, set: readonly SetUp[]): Promise<ReloadReport> {
    const { number, wanted, workers } = change;
    const save = new SaveOfWorkers(change, set[0]?.tries ?? [], this.#saveHost);
    await inAll(workers, deadlineOf(wanted.config), async (worker) => {
      if (worker === workers[0]) await this.proxy.sockets.rehearse(wanted.config, this.proxy.options);
    });
    await this.trials.takeBack(`generation ${number} came`);
    const report = await this.trials.begin(save);
    this.#last = number;
    this.#read(set);
    return report;
  }

  /** After an override, which applies at once to all sessions, the save that was on trial is tried again with the override. */
  #tryAgain({ change: { wanted, rebuild } }: SaveOfWorkers): void {
    this.take(() => this.steering.under(wanted.base), rebuild).catch((error: unknown) => {
      this.proxy.refuse(error);
    });
  }

  async #enact(change: ChangeOfWorkers, set: readonly SetUp[]): Promise<ReloadReport> {
    const { number, wanted, rebuild } = change;
    const agreed = await agree(this.#parts(change.workers), wanted.config, deadlineOf(wanted.config), (message) => {
      this.proxy.warn(message);
    });
    if (rebuild) this.proxy.shared.book.forget();
    await this.proxy.withListeners(async () => {
      this.current = number;
      this.#last = Math.max(this.#last, number);
      this.steering.committed(wanted);
      this.datagrams = agreed.datagrams;
      this.#read(set);
      await agreed.commit(() => this.#adminAddress);
      this.proxy.dispatcher.follow(wanted.config, this.proxy.sockets);
    });
    for (const warning of [...wanted.dropped, ...wanted.config.warnings, ...missingForResets()]) this.proxy.warn(warning);
    return this.#applied(change, await agreed.followed());
  }

  #applied({ number: generation, wanted, steps, started }: ChangeOfWorkers, all: readonly ReloadReport[]): ReloadReport {
    const report = { generation, durationMs: Math.round(performance.now() - started), ...allBehind(all) };
    this.steering.applied(wanted, { ...report, steps });
    if (generation > 1) {
      this.proxy.counters.sluice_reloads_total += 1;
      const count = wanted.overrides.length === 0 ? {} : { overrides: wanted.overrides.length };
      this.proxy.tell({ type: "reloaded", origin: wanted.origin, ...count, ...report });
    }
    return { ...report, steps };
  }

  get #saveHost(): ConstructorParameters<typeof SaveOfWorkers>[2] {
    return {
      datagrams: this.datagrams,
      enact: async (change) => {
        const { workers, wanted } = change;
        const deadlineMs = deadlineOf(wanted.config);
        await inAll(workers, deadlineMs, (worker) => worker.channel.order(deadlineMs, "accept"));
        return this.#enact(change, []);
      },
      takenBack: ({ number: generation, wanted, steps }, reason) => {
        this.steering.takenBack(wanted, { generation, durationMs: 0, steps }, reason);
      },
    };
  }

  async #join(worker: WorkerProcess): Promise<void> {
    const { now } = this.steering;
    if (now === undefined) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
    this.#refuseClosing();
    const order = this.#orders.of(now, this.current, false);
    await this.#passDatagrams();
    this.#owner ??= worker;
    const bound = await join(worker, order, this.#parts([worker]), now.config);
    if (this.#owner === worker) this.datagrams = bound;
    const { sockets, dispatcher } = this.proxy;
    await worker.channel.order(AT_ONCE_MS, "commit", { datagrams: this.datagrams, admin: this.#adminAddress });
    worker.servesSince = performance.now();
    // Files that all workers write have its first session too.
    await within(deadlineOf(now.config), this.proxy.greet(worker), `the open files in ${String(worker)}`);
    worker.serves = sockets.ids;
    dispatcher.follow(now.config, sockets);
    this.#joined.resolve();
    this.#joined = new Deferred();
  }

  /** Gives the datagram sockets, which one worker has, to another worker after that one has died. */
  async #passDatagrams(): Promise<void> {
    if (this.#owner?.isGone !== true || this.proxy.isClosing) return;
    const owner = (this.#owner = this.proxy.workers.serving[0]);
    try {
      await owner?.channel.order(AT_ONCE_MS, "takeDatagrams", this.datagrams);
    } catch (error) {
      const { code, message: reason } = asSluiceError(error);
      // It hangs, or has died: the next worker gets them when it is gone.
      if (code === "SLUICE_WORKER_LOST") owner?.kill(error);
      else this.proxy.options.logger.error({ reason }, "no worker could bind the sockets that take datagrams: reload to try again");
    }
  }

  /** Waits for workers that hang until they answer or have been killed: they could do nothing but refuse a save, which may be their remedy. */
  async #allAnswer(): Promise<void> {
    const hangs = (): boolean => !this.proxy.isClosing && this.proxy.workers.serving.some(({ isHanging }) => isHanging);
    for (let waited = 0; waited < HANGING_MS && hangs(); waited += LOOK_MS) await delay(LOOK_MS);
  }

  /**
   * Resolves when a worker serves: without one nobody could refuse a save. If none comes, the generation in force may be the reason, and the save its
   * remedy.
   */
  async #somebodyServes(): Promise<void> {
    if (this.current > 0 && this.proxy.workers.serving.length === 0)
      await within(AT_ONCE_MS, this.#joined.promise, "the start of a worker").catch(() => undefined);
  }

  #refuseClosing(): void {
    if (this.proxy.isClosing) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
  }

  /** The worker with the datagram sockets is the first, so that of few flows some are tried. */
  #ownerFirst(workers: readonly WorkerProcess[]): readonly WorkerProcess[] {
    this.#owner ??= workers[0];
    return workers.toSorted((one, other) => Number(other === this.#owner) - Number(one === this.#owner));
  }

  /** What plugins have read in the workers belongs to the files that are watched. */
  #read(set: readonly SetUp[]): void {
    for (const { watched } of set) this.proxy.how.loader.reads(watched);
  }

  get #adminAddress(): SocketAddress | undefined {
    return this.proxy.options.companion?.address;
  }

  #parts(workers: readonly WorkerProcess[]): RoundParts {
    const { sockets, options: followers, shared } = this.proxy;
    return { workers, owner: this.#owner, sockets, followers, datagrams: this.datagrams, shared };
  }
}
