import { asSluiceError, SluiceError, type TrialView } from "../../contract/index.ts";
import type { Prepared } from "../generation/generation.ts";
import type { GenerationSource } from "../generation/overrides.ts";
import type { PlannedStep, ReloadReport } from "../generation/reload-plan.ts";
import { Behind } from "../listener/behind.ts";
import type { Listener } from "../listener/listener.ts";
import type { LiveSession } from "../session/live-session.ts";
import type { ProxyState } from "../state/proxy-state.ts";
import { Trial } from "../trial/trial.ts";

/** A generation that is ready to be put into force. */
export interface PreparedChange {
  readonly wanted: GenerationSource;
  readonly rebuild: boolean;
  readonly steps: readonly PlannedStep[];
  readonly prepared: Prepared;
  /** On the clock of `performance.now()`. */
  readonly started: number;
}

/** What trials need from their proxy. */
export interface TrialProxy {
  readonly state: ProxyState;
  /** Does work when nothing else is being applied. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  /** Puts a change into force. Rejects with the error that refuses it. */
  enact(change: PreparedChange): Promise<ReloadReport>;
  /** Removes what was built for a change. */
  discard(change: PreparedChange, reason: string): void;
}

interface Running {
  readonly trial: Trial;
  readonly change: PreparedChange;
  readonly timer: NodeJS.Timeout;
  readonly report: ReloadReport;
}

/** The trial of a save; there is one at a time. What is applied during a trial takes precedence over it. */
export class Trials {
  #running: Running | undefined;
  /** Resolves when the sessions of the last trial have returned. */
  #returning: Promise<unknown> = Promise.resolve();

  constructor(private readonly proxy: TrialProxy) {}

  /** The change that is tried; undefined: none. */
  get change(): PreparedChange | undefined {
    return this.#running?.change;
  }

  /** The report from the beginning of the trial. */
  get report(): ReloadReport | undefined {
    return this.#running?.report;
  }

  get view(): TrialView | undefined {
    return this.#running?.trial.view(this.#open());
  }

  /** The trial for a change; undefined: it is not to be tried. Only saves are: an override or a restored generation must apply at once. */
  of(change: PreparedChange, running: ReadonlyMap<string, Listener>): Trial | undefined {
    if (change.wanted.origin !== "config") return undefined;
    return Trial.of(change.prepared, running.values(), (why) => void this.takeBack(why));
  }

  /** Begins a trial. Resolves when the open sessions of its share have followed. @throws SLUICE_PLUGIN_SETUP */
  async begin(trial: Trial, change: PreparedChange): Promise<ReloadReport> {
    const { number: generation } = change.prepared.generation;
    trial.inherit();
    const timer = setTimeout(() => {
      // A failure is announced by an event.
      this.accept().catch(() => undefined);
    }, trial.forMs);
    timer.unref();
    const view = trial.view(this.#open());
    const report = { generation, durationMs: Math.round(performance.now() - change.started), steps: change.steps, trial: view };
    this.#running = { trial, change, timer, report };
    this.proxy.state.hub.lifecycle.next({ type: "trial", generation, trial: view });
    await trial.begin(this.#open());
    return report;
  }

  /** A hook failed outside any session. */
  fault(generation: number, listener: string, plugin: string, error: SluiceError): void {
    const { trial } = this.#running ?? {};
    if (trial?.prepared.generation.number === generation) trial.failedElsewhere(listener, plugin, error);
  }

  /**
   * Accepts the save for all sessions, after its time without too many faults or because somebody asks for it. If it is refused now, it is taken back
   * and the promise rejects.
   */
  accept(): Promise<ReloadReport> {
    const running = this.#running;
    return this.proxy.inTurn(async () => {
      if (running === undefined || this.#running !== running) throw new SluiceError("SLUICE_ADMIN_CONFLICT", "the trial is over");
      this.#running = undefined;
      clearTimeout(running.timer);
      const { trial, change } = running;
      trial.settle();
      try {
        return await this.proxy.enact({ ...change, prepared: { ...change.prepared, inherit: () => trial.inheritOfOthers() } });
      } catch (error) {
        await this.#return(running, asSluiceError(error).message);
        throw error;
      }
    });
  }

  /** Takes the save back: its sessions return to the generation in force. Resolves when they have; at once if nothing is tried. */
  async takeBack(reason: string): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running !== undefined) this.#returning = this.#return(running, reason);
    await this.#returning;
  }

  /** Ends the trial without returning sessions, as the proxy closes. */
  stop(): void {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    clearTimeout(running.timer);
    running.trial.settle();
    this.proxy.discard(running.change, "the proxy is closing");
  }

  async #return({ trial, change, timer }: Running, reason: string): Promise<void> {
    clearTimeout(timer);
    const left = await trial.takeBack(this.#open(), new Behind());
    this.proxy.discard(change, reason);
    const { number: generation } = change.prepared.generation;
    this.proxy.state.hub.lifecycle.next({ type: "taken-back", generation, reason, ...left });
  }

  #open(): readonly LiveSession[] {
    const { sessions, flows } = this.proxy.state;
    return [...sessions, ...flows];
  }
}
