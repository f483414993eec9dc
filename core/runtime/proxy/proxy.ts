import type { Observable } from "rxjs";
import {
  asSluiceError,
  SluiceError,
  type Duration,
  type BoundListener,
  type Override,
  type ProxyEvent,
  type ResolvedConfig,
  type Session,
  type Timeouts,
  type TrialView,
} from "../../contract/index.ts";
import { resolveConfig } from "../../config/check/resolve-config.ts";
import { transports } from "../../net/transports/table.ts";
import { endLingering } from "../../net/legs/close-unread.ts";
import { endAllSessions, waitWhileClosing } from "./shutdown.ts";
import { Generations } from "./generations.ts";
import type { ProxyOptions } from "./proxy-options.ts";
import type { OpenSessions, ServingProxy } from "./serving-proxy.ts";
import { Steering } from "./steering.ts";
import { drainTime } from "../listener/drain.ts";
import { EventHub } from "../state/event-hub.ts";
import { startIdleSweep, type IdleSweep } from "../state/idle-sweep.ts";
import { startPeerSweep } from "../state/peer-sweep.ts";
import { Listeners } from "../listener/listeners.ts";
import { createEventLog } from "../log/log-events.ts";
import { createMetrics } from "../state/metrics.ts";
import { ProxyState } from "../state/proxy-state.ts";
import { statusOf, type ProxyParts, type ProxyStatus } from "./proxy-status.ts";
import { rebased, type GenerationSource } from "../generation/overrides.ts";
import type { ReloadPlan, ReloadReport } from "../generation/reload-plan.ts";

/** The proxy of this process: it has the generation in force and the bound listeners, and takes the next generation completely or not at all. */
export class Proxy implements ServingProxy {
  readonly #hub = new EventHub();
  readonly #metrics = createMetrics();
  readonly #state: ProxyState;
  readonly #listeners: Listeners;
  readonly #sweep: IdleSweep;
  readonly #stopPeerSweep: () => void;
  readonly #startedAt = Date.now();
  readonly steering: Steering = new Steering(
    (want) => this.take(want),
    () => this.#generations.trials,
  );
  readonly #generations: Generations;
  #closing: Promise<void> | undefined;

  private constructor(
    config: ResolvedConfig,
    private readonly options: ProxyOptions,
  ) {
    this.#state = new ProxyState(config.limits, config.timeouts, this.#hub, this.#metrics);
    const { member } = options;
    if (member !== undefined) this.#state.join(member.worker, member.neighbours, member.health);
    this.#listeners = new Listeners(this.#state);
    const isReadable = (): boolean => options.log?.isReadable === true;
    const isAnnounced = (): boolean => options.announced === true && isReadable() && this.generation <= 1;
    // With several processes the first one writes the log.
    if (options.member === undefined) this.#hub.lifecycle.subscribe(createEventLog(options.logger, { isReadable, isAnnounced }));
    this.#sweep = startIdleSweep(this.#state);
    this.#stopPeerSweep = startPeerSweep(this.#state);
    this.#generations = new Generations({
      state: this.#state,
      metrics: this.#metrics,
      listeners: this.#listeners,
      sweep: this.#sweep,
      steering: this.steering,
      options,
      isClosing: () => this.isClosing,
      refuse: (error) => void this.refuse(error),
    });
  }

  /** Makes a config live. If it fails, it rejects with a SluiceError and leaves nothing open. */
  static async start(config: ResolvedConfig, options: ProxyOptions, overrides: readonly Override[] = []): Promise<Proxy> {
    const proxy = new Proxy(config, options);
    try {
      await proxy.take(() => rebased(config, overrides));
      return proxy;
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }

  /** The number of the config in force: 1 at the start, one more for each `apply`. */
  get generation(): number {
    return this.#generations.current?.number ?? 0;
  }

  /** The save that some sessions try; undefined: none. */
  get trial(): TrialView | undefined {
    return this.#generations.trials.save?.view;
  }

  /** The trials of saves on sessions of this process. */
  get trials(): Generations["trials"] {
    return this.#generations.trials;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  get timeouts(): Timeouts {
    return this.#state.timeouts;
  }

  /** The bound listeners by name. */
  get listeners(): Readonly<Record<string, BoundListener>> {
    return Object.fromEntries(this.#listeners.byName);
  }

  /** The open sessions. */
  get sessions(): ReadonlySet<Session> {
    return new Set<Session>([...this.#state.sessions, ...this.#state.flows]);
  }

  /** The address of the admin server's page, with the token; undefined: there is no admin server. */
  get adminUrl(): string | undefined {
    return this.options.companion?.url;
  }

  get inner(): ProxyParts {
    const { logger, log } = this.options;
    return { listeners: this.#listeners.byName, state: this.#state, metrics: this.#metrics, logger, log };
  }

  get arrivals(): Observable<ProxyEvent> {
    return this.#hub.sessions;
  }

  open(): OpenSessions {
    const { sessions, flows } = this.#state;
    return { streams: sessions.size, all: sessions.size + flows.size };
  }

  /** What happens, from the subscription on: sessions, reloads, faults of plugins, endpoints that go down. It completes when the proxy has closed. */
  get events(): Observable<ProxyEvent> {
    return this.#hub.all;
  }

  /** The events that do not belong to a session. Watching them costs sessions nothing. */
  get lifecycle(): Observable<ProxyEvent> {
    return this.#hub.lifecycle.asObservable();
  }

  /**
   * Applies another config, after earlier calls are done. New sessions use it from the commit on; the promise resolves when the open sessions have
   * followed. If the config is refused, the promise rejects with the SluiceError and everything runs on as before.
   */
  async apply(config: unknown): Promise<ReloadReport> {
    try {
      // Checked when it is its turn: many calls in a row must not keep the event loop busy.
      return await this.take(() => this.steering.under(resolveConfig(config, transports)));
    } catch (error) {
      throw this.refuse(error);
    }
  }

  /** Returns what `apply` would do. @throws SLUICE_CONFIG_INVALID */
  plan(config: unknown): ReloadPlan {
    return this.planResolved(resolveConfig(config, transports));
  }

  /** @param base the config without the overrides that are in force */
  planResolved(base: ResolvedConfig): ReloadPlan {
    const { trial } = this;
    const { steps } = this.#generations.plan(this.steering.under(base).config, false);
    return trial === undefined ? { steps } : { steps, trial };
  }

  /** Applies a config that is already resolved, after earlier calls are done. @param rebuild build every pipeline again, changed or not */
  applyResolved(config: ResolvedConfig, rebuild: boolean): Promise<ReloadReport> {
    return this.take(() => this.steering.under(config), rebuild);
  }

  /** Applies what is wanted when it is its turn. @param want called at that moment */
  take(want: () => GenerationSource, rebuild = false): Promise<ReloadReport> {
    return this.#generations.turns.run(() => this.#generations.apply(want(), rebuild));
  }

  /** Announces a refusal. */
  refuse(thrown: unknown): SluiceError {
    const error = asSluiceError(thrown);
    this.#metrics.counter("sluice_reloads_refused_total").inc();
    this.#hub.lifecycle.next({ type: "refused", error });
    return error;
  }

  /** What `sluice status` shows: listeners, endpoints, counters. */
  status(): ProxyStatus {
    const { generation, trial } = this;
    const known = { generation, startedAt: this.#startedAt, overrides: this.steering.overrides };
    return statusOf(this.inner, trial === undefined ? known : { ...known, trial });
  }

  /**
   * Stops accepting at once, waits for open stream sessions, then resets those that are left and tears the plugins down. It does not wait for UDP
   * flows. Resolves when nothing is open any more.
   *
   * @param options.drain how long to wait. @default 0
   * @throws SLUICE_CONFIG_INVALID if `drain` is not a duration
   */
  async close(options: { readonly drain?: Duration } = {}): Promise<void> {
    this.#closing ??= this.#close(drainTime(options.drain));
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    const { turns, trials, retired } = this.#generations;
    this.#state.checks.stop();
    trials.stop();
    await endAllSessions(this.#listeners.byName, this.#state, drainMs);
    // An apply that is under way notices that the proxy is closing. When it has ended, what it had set up is retired.
    await waitWhileClosing(turns.idle, this.#state);
    endLingering();
    this.#sweep.stop();
    this.#stopPeerSweep();
    this.#listeners.stop();
    const { current } = this.#generations;
    for (const { pipeline } of current?.versions.values() ?? []) retired.add(pipeline);
    await waitWhileClosing(Promise.all([retired.gone(), this.#state.attached.detachAll()]), this.#state);
    current?.resolver.close();
    this.#state.health.close();
    this.#hub.lifecycle.next({ type: "closed" });
    this.#hub.complete();
    await this.options.companion?.close();
    await this.options.log?.close();
  }
}
