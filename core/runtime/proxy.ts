import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Observable } from "rxjs";
import {
  reasonOf,
  SluiceError,
  type Duration,
  type ListenerView,
  type Logger,
  type ProxyEvent,
  type ResolvedConfig,
  type Session,
  type Timeouts,
} from "../contract/index.ts";
import { resolveConfig } from "../config/resolve-config.ts";
import { bindListeners, boundAddress, type Bindings } from "./bind-listeners.ts";
import { Drain, drainTime, emptied } from "./drain.ts";
import { EventHub } from "./event-hub.ts";
import { prepareGeneration, type Generation, type GenerationTools, type Prepared } from "./generation.ts";
import { startIdleSweep, type IdleSweep } from "./idle-sweep.ts";
import { Listener } from "./listener.ts";
import type { LivePipeline } from "./live-pipeline.ts";
import { logEvent } from "./log-events.ts";
import { createMetrics } from "./metrics.ts";
import { ProxyState } from "./proxy-state.ts";
import { statusOf, type ProxyStatus } from "./proxy-status.ts";
import type { Terms } from "./terms.ts";
import { planReload, type ReloadPlan, type ReloadReport } from "./reload-plan.ts";

/** What sockets that were reset may take to close. */
const CLOSING_MS = 5_000;

export interface ProxyOptions {
  readonly logger: Logger;
  /** The place in the user's own source that an error came from, for messages. */
  readonly locate?: (error: unknown) => string | undefined;
}

/** The object of the process: holds the live generation and the bound listeners, and takes the next generation all or not at all. */
export class Proxy {
  readonly #hub = new EventHub();
  readonly #metrics = createMetrics();
  readonly #state: ProxyState;
  readonly #listeners = new Map<string, Listener>();
  readonly #retired = new Set<LivePipeline>();
  readonly #drain = new Drain();
  readonly #sweep: IdleSweep;
  readonly #startedAt = Date.now();
  #generation: Generation | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(
    config: ResolvedConfig,
    private readonly options: ProxyOptions,
  ) {
    this.#state = new ProxyState(config.limits, config.timeouts, this.#hub, this.#metrics);
    this.#hub.lifecycle.subscribe((event) => {
      logEvent(event, options.logger);
    });
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

  get timeouts(): Timeouts {
    return this.#state.timeouts;
  }

  /** The bound listeners by name. */
  get listeners(): Readonly<Record<string, ListenerView>> {
    return Object.fromEntries(this.#listeners);
  }

  /** The open sessions. */
  get sessions(): ReadonlySet<Session> {
    return new Set<Session>([...this.#state.sessions, ...this.#state.flows]);
  }

  get events(): Observable<ProxyEvent> {
    return this.#hub.all;
  }

  /** The events that are not a session's. Watching these costs a session nothing. */
  get lifecycle(): Observable<ProxyEvent> {
    return this.#hub.lifecycle.asObservable();
  }

  /** Takes another config. Rejects with the SluiceError that refused it, and then everything runs on as before. */
  async apply(config: unknown): Promise<ReloadReport> {
    try {
      return await this.applyResolved(resolveConfig(config));
    } catch (error) {
      throw this.refuse(error);
    }
  }

  /** Says what `apply` would do. @throws SLUICE_CONFIG_INVALID */
  plan(config: unknown): ReloadPlan {
    return this.planResolved(resolveConfig(config), false);
  }

  planResolved(config: ResolvedConfig, anew: boolean): ReloadPlan {
    const running = new Map(
      [...this.#listeners].map(([name, listener]) => [
        name,
        { config: listener.terms.config, bound: boundAddress(listener), sessions: listener.sessions },
      ]),
    );
    const now = this.#generation?.config;
    const rebuilds = anew || (now !== undefined && !isDeepStrictEqual(now.providers, config.providers));
    return planReload(running, config.listeners, rebuilds);
  }

  /** Applies a config that was resolved already, after those before it. `anew`: rebuilds every pipeline, changed or not. */
  applyResolved(config: ResolvedConfig, anew = false): Promise<ReloadReport> {
    const turn = this.#queue.then(() => this.#apply(config, anew));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  /** Announces a refusal. */
  refuse(thrown: unknown): SluiceError {
    const error = SluiceError.is(thrown) ? thrown : new SluiceError("SLUICE_INTERNAL", reasonOf(thrown), { cause: thrown });
    this.#metrics.counter("sluice_reloads_refused_total").inc();
    this.#hub.lifecycle.next({ type: "refused", error });
    return error;
  }

  status(): ProxyStatus {
    return statusOf(this.generation, this.#startedAt, this.#listeners.values(), this.#metrics);
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

  async #apply(config: ResolvedConfig, anew: boolean): Promise<ReloadReport> {
    const started = performance.now();
    if (this.#closing !== undefined) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
    const { steps } = this.planResolved(config, anew);
    const prepared = await prepareGeneration(config, this.#generation, this.#tools(anew));
    let bindings: Bindings | undefined;
    try {
      bindings = await bindListeners(config, this.#listeners);
      if (this.#isClosing()) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
      prepared.inherit();
    } catch (error) {
      bindings?.undo();
      for (const pipeline of prepared.fresh) this.#retire(pipeline);
      throw error;
    }
    this.#commit(prepared, bindings);
    const durationMs = Math.round(performance.now() - started);
    const { number } = prepared.generation;
    if (number > 1) {
      this.#metrics.counter("sluice_reloads_total").inc();
      this.#hub.lifecycle.next({ type: "reloaded", generation: number, durationMs });
    }
    return { generation: number, durationMs, steps };
  }

  #isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** One synchronous step: no session sees half a commit. */
  #commit({ generation }: Prepared, { sockets }: Bindings): void {
    const { limits, timeouts } = generation.config;
    const before = this.#generation;
    this.#generation = generation;
    this.#state.limits = limits;
    this.#state.timeouts = timeouts;
    this.#sweep.adjust();
    for (const { pipeline, way } of generation.terms.values()) pipeline.upstreams.way = way;
    const taken = new Set(Array.from(sockets.values(), ({ from }) => from));
    for (const listener of Array.from(this.#listeners.values())) {
      const next = sockets.has(listener.name) ? undefined : generation.terms.get(listener.name);
      if (next === undefined) this.#removeListener(listener, taken.has(listener));
      else this.#continueListener(listener, next);
    }
    for (const [name, terms] of generation.terms) {
      const socket = sockets.get(name);
      if (socket !== undefined) this.#addListener(new Listener(name, socket.bound, terms, this.#state));
    }
    this.#retireReplaced(before, generation);
    for (const warning of generation.warnings) this.#state.warn(undefined, warning);
  }

  #retireReplaced(before: Generation | undefined, now: Generation): void {
    for (const [name, { pipeline }] of before?.terms ?? []) if (now.terms.get(name)?.pipeline !== pipeline) this.#retire(pipeline);
  }

  #addListener(listener: Listener): void {
    const { name, url } = listener;
    this.#listeners.set(name, listener);
    listener.start();
    this.#hub.lifecycle.next({ type: "listening", listener: name, url });
  }

  #continueListener(listener: Listener, next: Terms): void {
    const changed = next.pipeline !== listener.terms.pipeline;
    listener.terms = next;
    if (changed) this.#treatSessions(listener, next.pipeline);
    listener.configure();
  }

  /** `reload.sessions` of the new config says what becomes of the sessions that are open. */
  #treatSessions(listener: Listener, pipeline: LivePipeline): void {
    const { sessions, deadlineMs } = listener.terms.config.reload;
    if (sessions === "swap") listener.swapSessions(pipeline);
    else if (sessions === "close")
      for (const session of listener.open) session.fail(new SluiceError("SLUICE_CLOSED", "closed by a reload"));
    else if (sessions === "drain") this.#drain.begin(listener.open, deadlineMs);
  }

  #removeListener(listener: Listener, takenOver: boolean): void {
    this.#listeners.delete(listener.name);
    const { url } = listener;
    if (takenOver) listener.handOver();
    else listener.close();
    this.#drain.begin(listener.open, listener.terms.config.reload.deadlineMs);
    this.#hub.lifecycle.next({ type: "unlistening", listener: listener.name, url });
  }

  #retire(pipeline: LivePipeline): void {
    pipeline.retire();
    this.#retired.add(pipeline);
    void pipeline.gone.then(() => this.#retired.delete(pipeline));
  }

  async #close(drainMs: number): Promise<void> {
    const listeners = [...this.#listeners.values()];
    for (const listener of listeners.filter(({ transport }) => transport !== "udp")) listener.close();
    for (const session of this.#state.sessions) session.retire();
    await emptied(this.#state.sessions, drainMs);
    for (const listener of listeners.filter(({ transport }) => transport === "udp")) listener.close();
    this.#endSessions();
    await emptied(this.#state.sessions, CLOSING_MS);
    this.#sweep.stop();
    this.#drain.stop();
    for (const { pipeline } of this.#generation?.terms.values() ?? []) this.#retire(pipeline);
    // Sockets close in no time once they are destroyed; nothing may keep a proxy from closing.
    await Promise.race([
      Promise.all([...this.#retired].map(({ gone }) => gone)),
      delay(this.timeouts.setup + 5_000, undefined, { ref: false }),
    ]);
    this.#generation?.resolver.close();
    this.#hub.lifecycle.next({ type: "closed" });
    this.#hub.complete();
  }

  #endSessions(): void {
    for (const session of this.#state.sessions)
      session.fail(new SluiceError("SLUICE_DRAIN_DEADLINE", `${String(session.client)} was still open`));
    for (const session of this.#state.flows) session.fail(new SluiceError("SLUICE_CLOSED", "the proxy was closed"));
  }

  #tools(anew: boolean): GenerationTools {
    return {
      logger: this.options.logger,
      metrics: this.#metrics,
      anew,
      locate: this.options.locate ?? (() => undefined),
      local: (name) => this.#listeners.get(name)?.local,
      fault: (listener, plugin, error) => {
        this.#state.fault(listener, plugin, error, undefined);
      },
    };
  }
}
