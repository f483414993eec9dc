import { SluiceError, type Logger, type Metrics, type ResolvedConfig, type Shared } from "../../contract/index.ts";
import { missingForResets } from "../../net/node/reset-means.ts";
import type { GenerationTools } from "../generation/generation-tools.ts";
import { prepareGeneration, type Generation, type Prepared } from "../generation/generation.ts";
import type { GenerationSource } from "../generation/overrides.ts";
import { sameGiven } from "../generation/same-given.ts";
import { planReload, type ReloadPlan, type ReloadReport } from "../generation/reload-plan.ts";
import { holderOf, type Bindings } from "../listener/bind-listeners.ts";
import type { Listeners } from "../listener/listeners.ts";
import { locateFault, placeOfAuthor } from "../log/author-place.ts";
import { LocalShared } from "../state/local-shared.ts";
import { checksOf, followEndpoints } from "../state/endpoint-book.ts";
import type { IdleSweep } from "../state/idle-sweep.ts";
import type { ProxyState } from "../state/proxy-state.ts";
import { Trial } from "../trial/trial.ts";
import type { TrialFault } from "../trial/trial-faults.ts";
import { makeReady, type Followers, type MadeReady } from "./make-ready.ts";
import { rehearse } from "./rehearse.ts";
import { RetiredPipelines } from "../version/retired-pipelines.ts";
import type { Steering } from "./steering.ts";
import type { ShareStarts } from "./member.ts";
import { SaveOnTrial, type PreparedChange, type SaveHost } from "./save-on-trial.ts";
import { supersededBy, Trials } from "../trial/trials.ts";
import { SerialWork } from "./serial-work.ts";

/** The parts of the proxy that generations need. */
export interface GenerationsParts {
  readonly state: ProxyState;
  readonly metrics: Metrics;
  readonly listeners: Listeners;
  readonly sweep: IdleSweep;
  readonly steering: Steering;
  readonly options: Followers & { readonly logger: Logger };
  readonly isClosing: () => boolean;
  /** Announces a refusal for which no caller waits. */
  readonly refuse: (error: unknown) => void;
}

/** The generation in force, and the way in which another one replaces it: completely or not at all, one after the other. */
export class Generations {
  readonly turns = new SerialWork();
  readonly trials: Trials<SaveOnTrial>;
  readonly retired = new RetiredPipelines();
  current: Generation | undefined;
  readonly #shared: Shared;
  readonly #saves: SaveHost;
  /** The number of the next generation. A generation that was tried has used up its number. */
  #nextNumber = 1;

  constructor(private readonly parts: GenerationsParts) {
    this.#shared = parts.options.member?.shared ?? new LocalShared();
    this.#saves = this.#saveHost();
    this.trials = new Trials({
      inTurn: (work) => this.turns.run(work),
      tell: (event) => {
        parts.state.hub.lifecycle.next(event);
      },
    });
  }

  /** Returns what applying a config would do. */
  plan(config: ResolvedConfig, rebuild: boolean): ReloadPlan {
    const running = new Map(
      Array.from(this.parts.listeners.byName, ([name, listener]) => [name, { ...holderOf(listener), sessions: listener.sessions }]),
    );
    const now = this.current?.config;
    const rebuilds = rebuild || (now !== undefined && !sameGiven(now.providers, config.providers));
    return planReload(running, config.listeners, rebuilds);
  }

  /** Prepares the wanted generation, and puts it into force or on trial. Call it in `turns`. */
  async apply(wanted: GenerationSource, rebuild: boolean): Promise<ReloadReport> {
    const started = performance.now();
    this.#refuseClosing();
    const { steps } = this.plan(wanted.config, rebuild);
    const prepared = await prepareGeneration(wanted.config, this.current, this.#tools(rebuild));
    const change = { number: prepared.generation.number, wanted, rebuild, steps, prepared, started };
    const trial = await this.#trialOf(change);
    if (trial !== undefined) return this.#try(new SaveOnTrial(change, trial, this.#saves));
    // With several processes the first one has ended the trial, and begins it again.
    const tried = this.parts.options.member === undefined ? this.trials.save : undefined;
    await this.trials.takeBack(supersededBy(wanted));
    const report = await this.#enact(change);
    if (tried !== undefined && wanted.origin === "override") this.#tryAgain(tried);
    return report;
  }

  /** The trial for a change; undefined: it is not to be tried. Only saves are: an override or a restored generation must apply at once. */
  async #trialOf({ wanted, prepared }: PreparedChange): Promise<Trial | undefined> {
    if (wanted.origin !== "config") return undefined;
    const tried = Trial.listenersOf(prepared, this.parts.listeners.byName.values());
    const starts = tried.length === 0 ? undefined : await this.#startsOf(prepared, tried);
    const failed = (fault: TrialFault): void => {
      this.#failed(prepared.generation.number, fault);
    };
    return starts === undefined ? undefined : new Trial(prepared, tried, starts, failed);
  }

  /** Where the shares of a trial begin; undefined: another process decides that there is none. */
  async #startsOf(prepared: Prepared, tried: readonly { readonly name: string }[]): Promise<ShareStarts | undefined> {
    const { options, listeners } = this.parts;
    const names = tried.map(({ name }) => name);
    try {
      return options.member === undefined ? new Map() : await options.member.tries(prepared.generation.config, listeners.byName, names);
    } catch (error) {
      for (const pipeline of prepared.fresh) this.retired.add(pipeline);
      throw error;
    }
  }

  /** A plugin has failed in a trial. With several processes the first one counts. */
  #failed(generation: number, fault: TrialFault): void {
    const { member } = this.parts.options;
    if (member === undefined) this.trials.fault(generation, fault);
    else if (this.trials.save?.change.number === generation) member.fault(generation, fault);
  }

  /** Begins the trial of a save, and ends the previous trial. */
  async #try(save: SaveOnTrial): Promise<ReloadReport> {
    const { number, wanted, prepared } = save.change;
    const { listeners, options } = this.parts;
    try {
      if (options.member === undefined) await rehearse(wanted.config, listeners.byName, options);
      await this.trials.takeBack(`generation ${number} came`);
      this.#refuseClosing();
      const report = await this.trials.begin(save);
      this.#nextNumber = report.generation + 1;
      return report;
    } catch (error) {
      for (const pipeline of prepared.fresh) this.retired.add(pipeline);
      throw error;
    }
  }

  /** After an override, which applies at once to all sessions, the save that was on trial is tried again with the override. */
  #tryAgain({ change: { wanted, rebuild } }: SaveOnTrial): void {
    this.turns
      .run(() => this.apply(this.parts.steering.under(wanted.base), rebuild))
      .catch((error: unknown) => {
        this.parts.refuse(error);
      });
  }

  #refuseClosing(): void {
    if (this.parts.isClosing()) throw new SluiceError("SLUICE_CLOSED", "the proxy is closing");
  }

  async #enact({ number, wanted, rebuild, steps, prepared, started }: PreparedChange): Promise<ReloadReport> {
    const { config, origin, overrides } = wanted;
    const ready = await this.#makeReady(config, prepared);
    ready.begin();
    this.parts.steering.committed(wanted);
    const following = this.#commit(prepared, ready.bindings);
    for (const warning of wanted.dropped) this.parts.state.warn(undefined, warning);
    if (rebuild) prepared.generation.resolver.forget();
    const left = await this.parts.listeners.follow(following);
    const durationMs = Math.round(performance.now() - started);
    this.#nextNumber = Math.max(this.#nextNumber, number + 1);
    const report = { generation: number, durationMs, ...left };
    this.parts.steering.applied(wanted, { ...report, steps });
    if (number > 1) {
      this.parts.metrics.counter("sluice_reloads_total").inc();
      const count = overrides.length === 0 ? {} : { overrides: overrides.length };
      this.parts.state.hub.lifecycle.next({ type: "reloaded", origin, ...count, ...report });
    }
    return { ...report, steps };
  }

  async #makeReady(config: ResolvedConfig, prepared: Prepared): Promise<MadeReady> {
    const last = (): void => {
      this.#refuseClosing();
    };
    const lost = (message: string): void => {
      this.parts.state.warn(undefined, message);
    };
    try {
      return await makeReady(config, { prepared, running: this.parts.listeners.byName, followers: this.parts.options, last, lost });
    } catch (error) {
      for (const pipeline of prepared.fresh) this.retired.add(pipeline);
      throw error;
    }
  }

  /** The short first step of a commit, in which nothing can fail. @returns what is left to do with the open sessions */
  #commit({ generation }: Prepared, bindings: Bindings): ReturnType<Listeners["commit"]> {
    const before = this.current;
    this.current = generation;
    this.parts.state.configure(generation.config);
    this.parts.sweep.adjust();
    for (const { pipeline, dialers } of generation.versions.values()) pipeline.upstreams.dialers = dialers;
    const following = this.parts.listeners.commit(generation.versions, bindings);
    followEndpoints(this.parts.state, before?.versions, generation.versions);
    for (const [name, { pipeline }] of before?.versions ?? [])
      if (generation.versions.get(name)?.pipeline !== pipeline) this.retired.add(pipeline);
    for (const warning of [...generation.warnings, ...missingForResets()]) this.parts.state.warn(undefined, warning);
    return following;
  }

  #saveHost(): SaveHost {
    return {
      state: this.parts.state,
      member: this.parts.options.member,
      enact: (change) => this.#enact(change),
      discard: ({ number: generation, wanted, prepared, steps }, reason) => {
        const { versions, config, resolver } = prepared.generation;
        if (resolver !== this.current?.resolver) resolver.close();
        for (const pipeline of prepared.fresh) this.retired.add(pipeline);
        const inForce = this.current?.versions ?? new Map<string, never>();
        followEndpoints(this.parts.state, versions, inForce);
        this.parts.state.meters.keepOnly(this.current?.config.listeners ?? config.listeners);
        this.parts.steering.takenBack(wanted, { generation, durationMs: 0, steps }, reason);
      },
    };
  }

  #tools(rebuild: boolean): GenerationTools {
    const number = this.parts.options.member?.generation ?? this.#nextNumber;
    return {
      number,
      logger: this.parts.options.logger,
      metrics: this.parts.metrics,
      shared: this.#shared,
      worker: this.parts.state.worker,
      health: this.parts.state.health,
      checksChanged: () => {
        if (this.current !== undefined) this.parts.state.checks.follow(checksOf(this.current.versions));
      },
      rebuild,
      locate: placeOfAuthor,
      local: (name) => this.parts.listeners.byName.get(name)?.local,
      admin: () => this.parts.options.companion?.address,
      meter: (listener, plugin, direction) => this.parts.state.meters.of(listener, plugin, direction),
      fault: (listener, plugin, error) => {
        const running = this.parts.listeners.byName.get(listener);
        locateFault(error, running?.definedAt(plugin));
        running?.counts.faults.add(plugin, undefined);
        this.parts.state.fault(listener, plugin, error, undefined);
        const { save } = this.trials;
        if (save?.change.number === number) save.trial.failedElsewhere(listener, plugin, error);
      },
    };
  }
}
