import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Observable } from "rxjs";
import {
  asSluiceError,
  SluiceError,
  type Duration,
  type ListenerView,
  type Logger,
  type ProxyEvent,
  type ResolvedConfig,
  type Session,
  type Timeouts,
} from "../../contract/index.ts";
import { resolveConfig } from "../../config/check/resolve-config.ts";
import { transports } from "../../net/transports/table.ts";
import { endLingering } from "../../net/node/close-unread.ts";
import { missingForResets } from "../../net/node/reset-means.ts";
import { locateFault, placeOfAuthor } from "../log/author-place.ts";
import { makeReady, type Followers, type MadeReady } from "./make-ready.ts";
import { Steering } from "./steering.ts";
import { Turns } from "./turns.ts";
import { endSessions } from "../listener/end-sessions.ts";
import { holderOf, type Bindings } from "../listener/bind-listeners.ts";
import { drainTime, emptied } from "../listener/drain.ts";
import { checksOf, followEndpoints } from "../state/endpoint-book.ts";
import { EventHub } from "../state/event-hub.ts";
import { prepareGeneration, type Generation, type GenerationTools, type Prepared } from "../generation/generation.ts";
import { startIdleSweep, type IdleSweep } from "../state/idle-sweep.ts";
import { Listeners } from "../listener/listeners.ts";
import type { LivePipeline } from "../version/live-pipeline.ts";
import { createEventLog } from "../log/log-events.ts";
import { createMetrics } from "../state/metrics.ts";
import { ProxyState } from "../state/proxy-state.ts";
import { statusOf, type ProxyParts, type ProxyStatus } from "./proxy-status.ts";
import { inSlices } from "../../contract/slices.ts";
import type { Wanted } from "../generation/overrides.ts";
import { planReload, type ReloadPlan, type ReloadReport } from "../generation/reload-plan.ts";

/** What sockets that were reset may take to close. */
const CLOSING_MS = 5_000;
/** `log`: what the config's `log` is for; undefined where a program has one of its own. `companion`: the admin server. */
export interface ProxyOptions extends Followers {
  readonly logger: Logger;
  /** Whoever reads the log sees the first listeners elsewhere already. */
  readonly announced?: boolean;
}

/** The object of the process: holds the live generation and the bound listeners, and takes the next generation all or not at all. */
export class Proxy {
  readonly #hub = new EventHub();
  readonly #metrics = createMetrics();
  readonly #state: ProxyState;
  readonly #listeners: Listeners;
  readonly #retired = new Set<LivePipeline>();
  readonly #sweep: IdleSweep;
  readonly #startedAt = Date.now();
  readonly #turns = new Turns();
  readonly steering = new Steering((want) => this.#turns.run(() => this.#apply(want(), false)));
  #generation: Generation | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    config: ResolvedConfig,
    private readonly options: ProxyOptions,
  ) {
    this.#state = new ProxyState(config.limits, config.timeouts, this.#hub, this.#metrics);
    this.#listeners = new Listeners(this.#state);
    const isReadable = (): boolean => options.log?.isReadable === true;
    const isAnnounced = (): boolean => options.announced === true && isReadable() && this.generation <= 1;
    this.#hub.lifecycle.subscribe(createEventLog(options.logger, { isReadable, isAnnounced }));
    this.#sweep = startIdleSweep(this.#state);
  }

  /** Makes a config live. Rejects with a SluiceError, and then nothing is left open. */
  static async start(config: ResolvedConfig, options: ProxyOptions): Promise<Proxy> {
    const proxy = new Proxy(config, options);
    try {
      await proxy.applyResolved(config);
      return proxy;
    } catch (error) {
      await proxy.close();
      throw error;
    }
  }

  get generation(): number {
    return this.#generation?.number ?? 0;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  get timeouts(): Timeouts {
    return this.#state.timeouts;
  }

  /** The bound listeners by name. */
  get listeners(): Readonly<Record<string, ListenerView>> {
    return Object.fromEntries(this.#listeners.byName);
  }

  /** The open sessions. */
  get sessions(): ReadonlySet<Session> {
    return new Set<Session>([...this.#state.sessions, ...this.#state.flows]);
  }

  /** The admin server's page with its token; undefined: there is none. */
  get adminUrl(): string | undefined {
    return this.options.companion?.url;
  }

  get inner(): ProxyParts {
    return { listeners: this.#listeners.byName, state: this.#state, metrics: this.#metrics, log: this.options.log };
  }

  get events(): Observable<ProxyEvent> {
    return this.#hub.all;
  }

  /** The events that are not a session's. Watching these costs a session nothing. */
  get lifecycle(): Observable<ProxyEvent> {
    return this.#hub.lifecycle.asObservable();
  }

  /**
   * Takes another config, after those before it: new sessions from the commit on, and resolves when the open ones have followed. Rejects with
   * the SluiceError that refused it, and then everything runs on as before.
   */
  async apply(config: unknown): Promise<ReloadReport> {
    try {
      return await this.applyResolved(resolveConfig(config, transports));
    } catch (error) {
      throw this.refuse(error);
    }
  }

  /** Says what `apply` would do. @throws SLUICE_CONFIG_INVALID */
  plan(config: unknown): ReloadPlan {
    return this.planResolved(resolveConfig(config, transports), false);
  }

  /** @param base without the overrides that are in force */
  planResolved(base: ResolvedConfig, anew: boolean): ReloadPlan {
    return this.#plan(this.steering.under(base).config, anew);
  }

  #plan(config: ResolvedConfig, anew: boolean): ReloadPlan {
    const running = new Map(
      Array.from(this.#listeners.byName, ([name, listener]) => [name, { ...holderOf(listener), sessions: listener.sessions }]),
    );
    const now = this.#generation?.config;
    const rebuilds = anew || (now !== undefined && !isDeepStrictEqual(now.providers, config.providers));
    return planReload(running, config.listeners, rebuilds);
  }

  /** Applies a config that was resolved already, after those before it. `anew`: rebuilds every pipeline, changed or not. */
  applyResolved(config: ResolvedConfig, anew = false): Promise<ReloadReport> {
    return this.#turns.run(() => this.#apply(this.steering.under(config), anew));
  }

  /** Announces a refusal. */
  refuse(thrown: unknown): SluiceError {
    const error = asSluiceError(thrown);
    this.#metrics.counter("sluice_reloads_refused_total").inc();
    this.#hub.lifecycle.next({ type: "refused", error });
    return error;
  }

  status(): ProxyStatus {
    return statusOf(this.inner, { generation: this.generation, startedAt: this.#startedAt, overrides: this.steering.overrides });
  }

  /**
   * Stops accepting at once, waits for open stream sessions, then resets what is left and tears the plugins down. UDP flows do not hold
   * it. Resolves when nothing is open any more.
   *
   * @param options.drain how long to wait. @default 0
   * @throws SLUICE_CONFIG_INVALID when that is no duration
   */
  async close(options: { readonly drain?: Duration } = {}): Promise<void> {
    this.#closing ??= this.#close(drainTime(options.drain));
    return this.#closing;
  }

  async #apply(wanted: Wanted, anew: boolean): Promise<ReloadReport> {
    const { config, origin, overrides } = wanted;
    const started = performance.now();
    if (this.#closing !== undefined) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
    const { steps } = this.#plan(config, anew);
    const prepared = await prepareGeneration(config, this.#generation, this.#tools(anew));
    const ready = await this.#makeReady(config, prepared);
    ready.begin();
    this.steering.committed(wanted);
    const following = this.#commit(prepared, ready.bindings);
    for (const warning of wanted.dropped) this.#state.warn(undefined, warning);
    if (anew) prepared.generation.resolver.forget();
    const left = await this.#listeners.follow(following);
    const durationMs = Math.round(performance.now() - started);
    const { number } = prepared.generation;
    const report = { generation: number, durationMs, ...left };
    this.steering.applied(wanted, { ...report, steps });
    if (number > 1) {
      this.#metrics.counter("sluice_reloads_total").inc();
      const count = overrides.length === 0 ? {} : { overrides: overrides.length };
      this.#hub.lifecycle.next({ type: "reloaded", origin, ...count, ...report });
    }
    return { ...report, steps };
  }

  async #makeReady(config: ResolvedConfig, prepared: Prepared): Promise<MadeReady> {
    const last = (): void => {
      if (this.isClosing) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
    };
    const lost = (message: string): void => {
      this.#state.warn(undefined, message);
    };
    try {
      return await makeReady(config, { prepared, running: this.#listeners.byName, followers: this.options, last, lost });
    } catch (error) {
      for (const pipeline of prepared.fresh) this.#retire(pipeline);
      throw error;
    }
  }

  /** The short first step of a commit. Nothing in here can fail. @returns what is left to do with the open sessions */
  #commit({ generation }: Prepared, bindings: Bindings): ReturnType<Listeners["commit"]> {
    const before = this.#generation;
    this.#generation = generation;
    this.#state.configure(generation.config);
    this.#sweep.adjust();
    for (const { pipeline, dialers } of generation.versions.values()) pipeline.upstreams.dialers = dialers;
    const following = this.#listeners.commit(generation.versions, bindings);
    followEndpoints(this.#state, before?.versions, generation.versions);
    this.#state.meters.keepOnly(generation.config.listeners);
    for (const [name, { pipeline }] of before?.versions ?? [])
      if (generation.versions.get(name)?.pipeline !== pipeline) this.#retire(pipeline);
    for (const warning of [...generation.warnings, ...missingForResets()]) this.#state.warn(undefined, warning);
    return following;
  }

  #retire(pipeline: LivePipeline): void {
    pipeline.retire();
    this.#retired.add(pipeline);
    void pipeline.gone.then(() => this.#retired.delete(pipeline));
  }

  async #close(drainMs: number): Promise<void> {
    this.#state.checks.stop();
    const listeners = [...this.#listeners.byName.values()];
    for (const listener of listeners.filter(({ datagrams }) => !datagrams)) listener.leave();
    const drained = emptied(this.#state.sessions, drainMs);
    await inSlices(this.#state.sessions, (session) => {
      session.undergo((each) => each.retire());
    });
    await drained;
    for (const listener of listeners.filter(({ datagrams }) => datagrams)) listener.leave();
    await endSessions(this.#state);
    await emptied(this.#state.sessions, CLOSING_MS);
    // An apply that is under way has seen that the proxy closes, and what it had set up is retired once it has ended.
    await this.#withinSetup(this.#turns.idle);
    endLingering();
    this.#sweep.stop();
    this.#listeners.stop();
    for (const { pipeline } of this.#generation?.versions.values() ?? []) this.#retire(pipeline);
    await this.#withinSetup(Promise.all([...this.#retired].map(({ gone }) => gone)));
    this.#generation?.resolver.close();
    this.#state.health.close();
    this.#hub.lifecycle.next({ type: "closed" });
    this.#hub.complete();
    await this.options.companion?.close();
    await this.options.log?.close();
  }

  /** Nothing may keep a proxy from closing: not a plugin that never sets up, nor a socket that never closes. */
  async #withinSetup(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, delay(this.timeouts.setup + 5_000, undefined, { ref: false })]);
  }

  #tools(anew: boolean): GenerationTools {
    return {
      logger: this.options.logger,
      metrics: this.#metrics,
      health: this.#state.health,
      checksChanged: () => {
        if (this.#generation !== undefined) this.#state.checks.follow(checksOf(this.#generation.versions));
      },
      anew,
      locate: placeOfAuthor,
      local: (name) => this.#listeners.byName.get(name)?.local,
      admin: () => this.options.companion?.address,
      meter: (listener, plugin, direction) => this.#state.meters.of(listener, plugin, direction),
      fault: (listener, plugin, error) => {
        locateFault(error, this.#listeners.byName.get(listener)?.definedAt(plugin));
        this.#state.fault(listener, plugin, error, undefined);
      },
    };
  }
}
