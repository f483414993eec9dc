import type { Observable } from "rxjs";
import {
  asSluiceError,
  SluiceError,
  type AdminConfig,
  type Duration,
  type ProxyEvent,
  type ResolvedConfig,
  type SocketAddress,
  type Timeouts,
} from "../../../contract/index.ts";
import type { ConfigLoader } from "../../../config/load/config-loader.ts";
import { missingForResets } from "../../../net/node/reset-means.ts";
import { rebased, type GenerationSource } from "../../../runtime/generation/overrides.ts";
import type { ReloadPlan, ReloadReport } from "../../../runtime/generation/reload-plan.ts";
import { drainTime } from "../../../runtime/listener/drain.ts";
import type { ProxyOptions } from "../../../runtime/proxy/proxy-options.ts";
import type { OpenSessions, ServingProxy } from "../../../runtime/proxy/serving-proxy.ts";
import { Steering } from "../../../runtime/proxy/steering.ts";
import { SerialWork } from "../../../runtime/proxy/serial-work.ts";
import type { Addresses } from "../../wire/calls.ts";
import { closeWorkers } from "../processes/close-workers.ts";
import { Entrance } from "../sockets/entrance.ts";
import { SharedParts } from "../shared/shared-parts.ts";
import { eventLogOf } from "./event-log-of-workers.ts";
import { join } from "../commit/join.ts";
import { allBehind } from "../commit/merged-report.ts";
import { openOf } from "./open-of-workers.ts";
import { Orders } from "../commit/orders.ts";
import { planFor } from "./plan-for-workers.ts";
import { noTrials, untriedWarnings } from "../commit/no-trials.ts";
import { Replacements, type ReplacementHost } from "../processes/replacements.ts";
import { agree, type RoundParts } from "../commit/round.ts";
import { deadlineOf } from "../processes/within.ts";
import { SharedSockets } from "../sockets/shared-sockets.ts";
import { WorkerEvents } from "./worker-events.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";
import { WorkerSet } from "../processes/worker-set.ts";

/** How workers are started, and how they load configs. */
export interface WorkerOptions {
  /** The script that a worker runs. */
  readonly exec: string;
  readonly loader: ConfigLoader;
  /** Takes precedence over the config's `admin`. */
  readonly admin: AdminConfig | undefined;
}

/**
 * A proxy of several processes. This process binds the stream sockets and hands each connection to a worker, decides which generation is in force,
 * and answers for all. It serves no session itself. Each worker has a {@link Proxy} of its own.
 */
export class ProxyOfWorkers implements ServingProxy, ReplacementHost {
  readonly workers: WorkerSet;
  readonly events: WorkerEvents;
  readonly steering = new Steering(
    (want) => this.#take(want, false),
    () => noTrials,
  );
  readonly startedAt = Date.now();
  readonly counters = { sluice_reloads_total: 0, sluice_reloads_refused_total: 0 };
  readonly shared: SharedParts;
  readonly #entrance: Entrance;
  readonly #sockets: SharedSockets;
  readonly #turns = new SerialWork();
  readonly #replacements = new Replacements(this);
  readonly #orders: Orders;
  #looked = false;
  #generation = 0;
  #datagrams: Addresses = new Map();
  #owner: WorkerProcess | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    size: number,
    readonly options: ProxyOptions,
    private readonly how: WorkerOptions,
  ) {
    this.shared = new SharedParts(() => this.workers.all);
    this.workers = new WorkerSet(how.exec, size, {
      shared: this.shared,
      event: (event) => this.events.take(event),
      log: (line) => options.log?.relay(line),
      gone: (worker, lost) => {
        for (const each of lost) this.#entrance.again(each);
        this.#gone(worker);
      },
      left: () => this.#entrance.left(),
      sessionsOf: (worker, listener, client) => this.#entrance.sessionsBeside(worker, listener, client),
    });
    this.#orders = new Orders(options.log, how.admin);
    this.events = new WorkerEvents(() => this.workers.serving);
    this.#entrance = new Entrance(() => this.workers.all);
    this.#sockets = new SharedSockets((client) => {
      this.#entrance.take(client);
    });
    this.events.hub.lifecycle.subscribe(eventLogOf(options, () => this.#generation));
  }

  /** Starts as many workers as a config says, and makes it live in them. If it fails, it rejects with a SluiceError and leaves nothing running. */
  static async start(config: ResolvedConfig, options: ProxyOptions, how: WorkerOptions): Promise<ProxyOfWorkers> {
    const proxy = new ProxyOfWorkers(config.workers, options, how);
    try {
      const all = Array.from({ length: config.workers }, (_, place) => proxy.workers.fork(place));
      await Promise.all(all.map((worker) => worker.up()));
      await proxy.#take(() => rebased(config, []), false);
      return proxy;
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }

  get generation(): number {
    return this.#generation;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  get timeouts(): Timeouts {
    const { config } = this.steering;
    if (config === undefined) throw new SluiceError("SLUICE_NOT_RUNNING", "the proxy is starting");
    return config.timeouts;
  }

  get listeners(): Readonly<Record<string, { readonly name: string; readonly url: string }>> {
    const { config } = this.steering;
    const places = this.addresses;
    const all = config?.listeners.map(({ name, address }) => [name, { name, url: `${address.transport}://${String(places.get(name))}` }]);
    return Object.fromEntries(all ?? []) as ReturnType<() => ProxyOfWorkers["listeners"]>;
  }

  /** The addresses of the listeners. */
  get addresses(): Addresses {
    return new Map([...this.#sockets.addresses, ...this.#datagrams]);
  }

  /** @param wanted whether somebody may ask for sessions from now on, so that workers keep a list of them */
  look(wanted: boolean): void {
    this.#looked = wanted;
    for (const worker of this.workers.serving) worker.channel.tell("look", wanted);
  }

  get adminUrl(): string | undefined {
    return this.options.companion?.url;
  }

  get lifecycle(): Observable<ProxyEvent> {
    return this.events.hub.lifecycle;
  }

  get arrivals(): Observable<ProxyEvent> {
    return this.events.sessions;
  }

  open(): Promise<OpenSessions> {
    return openOf(this.workers.serving);
  }

  applyResolved(config: ResolvedConfig, rebuild = false): Promise<ReloadReport> {
    return this.#take(() => this.steering.under(config), rebuild);
  }

  planResolved(base: ResolvedConfig, rebuild: boolean): Promise<ReloadPlan> {
    return planFor(this, this.steering.under(base).config, rebuild);
  }

  refuse(thrown: unknown): SluiceError {
    const error = asSluiceError(thrown);
    this.counters.sluice_reloads_refused_total += 1;
    this.events.hub.lifecycle.next({ type: "refused", error });
    return error;
  }

  /** The same as {@link Proxy.close}. */
  close(options: { readonly drain?: Duration } = {}): Promise<void> {
    this.#closing ??= this.#close(drainTime(options.drain));
    return this.#closing;
  }

  #take(want: () => GenerationSource, rebuild: boolean): Promise<ReloadReport> {
    return this.#turns.run(() => this.#apply(want(), rebuild));
  }

  async #apply(wanted: GenerationSource, rebuild: boolean): Promise<ReloadReport> {
    if (this.#closing !== undefined) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
    const started = performance.now();
    const { steps } = await planFor(this, wanted.config, rebuild);
    const order = this.#orders.of(wanted, this.#generation + 1, rebuild);
    const before = this.listeners;
    await this.#passDatagrams();
    const all = this.#generation === 0 ? this.workers.all : this.workers.serving;
    this.#owner ??= all[0];
    const agreed = await agree(this.#parts(all), { order, config: wanted.config }, deadlineOf(wanted.config), (message) => {
      this.events.warn(undefined, message);
    });
    if (rebuild) this.shared.book.forget();
    this.#generation = order.number;
    this.steering.committed(wanted);
    this.#datagrams = agreed.datagrams;
    for (const watched of agreed.watched) this.how.loader.reads(watched);
    await agreed.commit(() => this.#adminAddress);
    this.#entrance.follow(wanted.config, this.#sockets);
    this.events.tellOfListeners(before, this.listeners);
    const warnings = [...wanted.dropped, ...wanted.config.warnings, ...untriedWarnings(wanted.config), ...missingForResets()];
    for (const warning of warnings) this.events.warn(undefined, warning);
    return this.#applied(wanted, steps, { started, reports: await agreed.followed() });
  }

  #applied(
    wanted: GenerationSource,
    steps: ReloadPlan["steps"],
    { started, reports }: { readonly started: number; readonly reports: readonly ReloadReport[] },
  ): ReloadReport {
    const durationMs = Math.round(performance.now() - started);
    const report = { generation: this.#generation, durationMs, ...allBehind(reports) };
    this.steering.applied(wanted, { ...report, steps });
    if (report.generation > 1) {
      this.counters.sluice_reloads_total += 1;
      const count = wanted.overrides.length === 0 ? {} : { overrides: wanted.overrides.length };
      this.events.hub.lifecycle.next({ type: "reloaded", origin: wanted.origin, ...count, ...report });
    }
    return { ...report, steps };
  }

  get #adminAddress(): SocketAddress | undefined {
    return this.options.companion?.address;
  }

  #parts(workers: readonly WorkerProcess[]): RoundParts {
    return {
      workers,
      owner: this.#owner,
      sockets: this.#sockets,
      followers: this.options,
      datagrams: this.#datagrams,
      shared: this.shared,
    };
  }

  /** Gives the datagram sockets, which one worker has, to another worker after that one has died. */
  async #passDatagrams(): Promise<void> {
    if (this.#owner?.isGone !== true || this.isClosing) return;
    this.#owner = this.workers.serving[0];
    try {
      await this.#owner?.channel.call("takeDatagrams", this.#datagrams);
    } catch (error) {
      this.options.logger.error(
        { reason: asSluiceError(error).message },
        "no worker could bind the sockets that take datagrams: reload to try again",
      );
    }
  }

  /** A worker has died. Before the first generation that makes the start fail. */
  #gone(worker: WorkerProcess): void {
    if (this.isClosing || this.#generation === 0) return;
    void this.#turns.run(() => this.#passDatagrams());
    this.#replacements.after(worker);
  }

  join(worker: WorkerProcess): Promise<void> {
    return this.#turns.run(() => this.#join(worker));
  }

  /** Brings the generation in force to a new worker. */
  async #join(worker: WorkerProcess): Promise<void> {
    const { now } = this.steering;
    if (now === undefined || this.isClosing) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
    const order = this.#orders.of(now, this.#generation, false);
    await this.#passDatagrams();
    this.#owner ??= worker;
    const bound = await join(worker, order, this.#parts([worker]), deadlineOf(now.config));
    if (this.#owner === worker) this.#datagrams = bound;
    await worker.channel.call("commit", { datagrams: this.#datagrams, admin: this.#adminAddress });
    worker.serves = this.#sockets.ids;
    worker.servesSince = performance.now();
    this.events.greet(worker);
    this.shared.saves.greet(worker);
    if (this.#looked) worker.channel.tell("look", true);
    this.#entrance.follow(now.config, this.#sockets);
  }

  async #close(drainMs: number): Promise<void> {
    this.#sockets.leave();
    this.#entrance.close();
    await closeWorkers(this.workers.all, drainMs);
    await this.#turns.idle;
    await this.shared.close();
    this.events.hub.lifecycle.next({ type: "closed" });
    this.events.hub.complete();
    await this.options.companion?.close();
    await this.options.log?.close();
  }
}
