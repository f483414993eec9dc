import type { Observable } from "rxjs";
import {
  asSluiceError,
  SluiceError,
  type Duration,
  type ProxyEvent,
  type ResolvedConfig,
  type Timeouts,
  type TrialView,
} from "../../../contract/index.ts";
import { rebased, type GenerationSource } from "../../../runtime/generation/overrides.ts";
import type { ReloadPlan, ReloadReport } from "../../../runtime/generation/reload-plan.ts";
import { drainTime } from "../../../runtime/listener/drain.ts";
import type { ProxyOptions } from "../../../runtime/proxy/proxy-options.ts";
import type { OpenSessions, ServingProxy } from "../../../runtime/proxy/serving-proxy.ts";
import type { Steering } from "../../../runtime/proxy/steering.ts";
import { ReloadCounts } from "../../../runtime/state/reload-counts.ts";
import type { Addresses } from "../../wire/calls.ts";
import { GenerationsOfWorkers, type GenerationsHost, type WorkerOptions } from "../commit/generations-of-workers.ts";
import { closeWorkers } from "../processes/close-workers.ts";
import { Replacements, type ReplacementHost } from "../processes/replacements.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";
import { WorkerSet } from "../processes/worker-set.ts";
import { SharedParts } from "../shared/shared-parts.ts";
import { Dispatcher } from "../sockets/dispatcher.ts";
import { SharedSockets } from "../sockets/shared-sockets.ts";
import { eventLogOf } from "./event-log-of-workers.ts";
import { openOf } from "./open-of-workers.ts";
import { planFor } from "./plan-for-workers.ts";
import { WorkerEvents } from "./worker-events.ts";

/**
 * A proxy of several processes. This process binds the stream sockets and hands each connection to a worker, decides which generation is in force,
 * and answers for all. It serves no session itself. Each worker has a {@link Proxy} of its own.
 */
export class ProxyOfWorkers implements ServingProxy, ReplacementHost, GenerationsHost {
  readonly workers: WorkerSet;
  readonly events: WorkerEvents;
  readonly startedAt = Date.now();
  readonly counters = { sluice_reloads_total: 0, sluice_reloads_refused_total: 0 };
  /** Of all workers, each reload once. */
  readonly reloads: ReloadCounts;
  readonly shared: SharedParts;
  readonly dispatcher: Dispatcher;
  readonly sockets: SharedSockets;
  readonly #generations: GenerationsOfWorkers;
  readonly #replacements = new Replacements(this);
  #looked = false;
  #closing: Promise<void> | undefined;

  private constructor(
    size: number,
    readonly options: ProxyOptions,
    readonly how: WorkerOptions,
  ) {
    this.shared = new SharedParts(() => this.workers.all);
    this.workers = new WorkerSet(how.exec, size, {
      shared: this.shared,
      event: (event) => this.events.take(event),
      tried: (...fault) => this.#generations.trials.fault(...fault),
      log: (line) => options.log?.relay(line),
      excused: (worker, reason) => {
        options.logger.warn({ worker: worker.place + 1, pid: worker.pid, reason }, "a worker does not answer, and is not killed for it");
      },
      gone: (worker, lost) => {
        for (const each of lost) this.dispatcher.again(each);
        this.#gone(worker);
      },
      left: () => this.dispatcher.left(),
      sessionsOf: (worker, listener, client) => this.dispatcher.sessionsBeside(worker, listener, client),
    });
    this.events = new WorkerEvents(() => this.workers.serving);
    this.reloads = new ReloadCounts(this.events.hub.lifecycle);
    this.dispatcher = new Dispatcher(() => this.workers.all);
    this.sockets = new SharedSockets((client) => {
      this.dispatcher.take(client);
    });
    this.#generations = new GenerationsOfWorkers(this);
    this.events.hub.lifecycle.subscribe(eventLogOf(options, () => this.generation));
    process.once("exit", () => {
      this.#leaveNobody();
    });
  }

  /** Starts as many workers as a config says, and makes it live in them. If it fails, it rejects with a SluiceError and leaves nothing running. */
  static async start(config: ResolvedConfig, options: ProxyOptions, how: WorkerOptions): Promise<ProxyOfWorkers> {
    const proxy = new ProxyOfWorkers(config.workers, options, how);
    try {
      const all = Array.from({ length: config.workers }, (_, place) => proxy.workers.fork(place));
      await Promise.all(all.map((worker) => worker.up()));
      await proxy.#generations.take(() => rebased(config, []), false);
      return proxy;
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }

  get generation(): number {
    return this.#generations.current;
  }

  get steering(): Steering {
    return this.#generations.steering;
  }

  /** The save that some sessions try; undefined: none. */
  trial(): Promise<TrialView | undefined> {
    return this.#generations.trial();
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
    return new Map([...this.sockets.addresses, ...this.#generations.datagrams]);
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

  applyResolved(config: ResolvedConfig, rebuild: boolean): Promise<ReloadReport> {
    return this.#generations.take(() => this.steering.under(config), rebuild);
  }

  async planResolved(base: ResolvedConfig): Promise<ReloadPlan> {
    const plan = await this.plan(this.steering.under(base), false);
    const trial = await this.trial();
    return trial === undefined ? plan : { ...plan, trial };
  }

  plan({ config }: GenerationSource, rebuild: boolean): Promise<ReloadPlan> {
    return planFor(this, config, rebuild);
  }

  tell(event: ProxyEvent): void {
    this.events.hub.lifecycle.next(event);
  }

  warn(message: string): void {
    this.events.warn(undefined, message);
  }

  async withListeners(work: () => Promise<void>): Promise<void> {
    const before = this.listeners;
    await work();
    this.events.tellOfListeners(before, this.listeners);
  }

  greet(worker: WorkerProcess): Promise<void> {
    this.events.greet(worker);
    if (this.#looked) worker.channel.tell("look", true);
    return this.shared.saves.greet(worker);
  }

  join(worker: WorkerProcess): Promise<void> {
    return this.#generations.join(worker);
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

  /** A worker has died. Before the first generation that makes the start fail. */
  #gone(worker: WorkerProcess): void {
    if (this.isClosing || this.generation === 0) return;
    this.#generations.gone(worker);
    this.#replacements.after(worker);
  }

  /** This process ends. A worker then ends by itself, after it has completed its parts of files; but not if it hangs. */
  #leaveNobody(): void {
    for (const worker of this.workers.all) if (worker.isHanging || !this.shared.saves.isWriting) worker.kill("the first process has ended");
  }

  async #close(drainMs: number): Promise<void> {
    this.#generations.trials.stop();
    this.sockets.leave();
    this.dispatcher.close();
    await closeWorkers(this.workers.processes, drainMs);
    await this.#generations.turns.idle;
    await this.shared.close();
    this.events.hub.lifecycle.next({ type: "closed" });
    this.events.hub.complete();
    await this.options.companion?.close();
    await this.options.log?.close();
  }
}
