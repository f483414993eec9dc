import { asSluiceError, SluiceError, type ProxyEvent, type SessionsBehind, type TrialView } from "../../contract/index.ts";
import type { GenerationSource } from "../generation/overrides.ts";
import type { PlannedStep, ReloadReport } from "../generation/reload-plan.ts";
import { TrialFaults, type TrialFault } from "./trial-faults.ts";

/** A generation that is ready to be put into force. */
export interface Change {
  /** The number of the generation. */
  readonly number: number;
  readonly wanted: GenerationSource;
  readonly rebuild: boolean;
  readonly steps: readonly PlannedStep[];
  /** On the clock of `performance.now()`. */
  readonly started: number;
}

/** A save that can be tried: on the sessions of this process, or of all workers. */
export interface TriedSave {
  readonly change: Change;
  /** After so many milliseconds it is accepted; undefined: another process decides that. */
  readonly acceptedAfter: number | undefined;
  /** The trial as it begins. */
  readonly beginning: TrialView;
  /** Does all that can refuse the trial. Undefined: it is done; otherwise the promise rejects with the error that refuses it. */
  ready(): Promise<void> | undefined;
  /** New sessions try it from now on. Resolves when the open sessions of its share do. */
  follow(): Promise<void>;
  /** Puts it into force. Rejects with the error that refuses it; the trial goes on then. */
  enact(): Promise<ReloadReport>;
  /** Returns its sessions to the generation in force, and removes what was built for it. */
  takeBack(reason: string): Promise<{ readonly behind?: SessionsBehind }>;
  /** The proxy is closing: removes what was built, and leaves the sessions. */
  stop(): void;
}

/** What trials need from their proxy. */
export interface TrialProxy {
  /** Does work when nothing else is being applied. */
  inTurn<T>(work: () => Promise<T>): Promise<T>;
  tell(event: ProxyEvent): void;
}

interface Running<S> {
  readonly save: S;
  readonly faults: TrialFaults;
  readonly timer: NodeJS.Timeout | undefined;
  readonly report: ReloadReport;
  /** Resolves when the sessions of its share have followed, and that was told. */
  begun: Promise<void>;
}

/** The trial of a save; there is one at a time. What is applied during a trial takes precedence over it. */
export class Trials<S extends TriedSave = TriedSave> {
  #running: Running<S> | undefined;
  /** Resolves when the sessions of the last trial have returned. */
  #returning: Promise<unknown> = Promise.resolve();

  constructor(private readonly proxy: TrialProxy) {}

  /** The save that is tried; undefined: none. */
  get save(): S | undefined {
    return this.#running?.save;
  }

  /** The report from the beginning of the trial. */
  get report(): ReloadReport | undefined {
    return this.#running?.report;
  }

  /** Begins a trial. Resolves when the open sessions of its share have followed. Rejects with the error that refuses it. */
  async begin(save: S): Promise<ReloadReport> {
    const ready = save.ready();
    // Nothing is waited for if nothing needs it: plugins have just taken over the state of those that still serve.
    if (ready !== undefined) await ready;
    const { change, beginning: trial } = save;
    const { number: generation, wanted, steps, started } = change;
    const report = { generation, durationMs: Math.round(performance.now() - started), steps, trial };
    const running = { save, report, faults: new TrialFaults(wanted.config), timer: this.#acceptLater(save), begun: Promise.resolve() };
    this.#running = running;
    running.begun = save.follow().then(() => {
      this.proxy.tell({ type: "trial", generation, trial });
    });
    await running.begun;
    return report;
  }

  /** A plugin of a tried pipeline has failed. */
  fault(generation: number, fault: TrialFault): void {
    const running = this.#running;
    const reason = running?.save.change.number === generation ? running.faults.add(fault) : undefined;
    if (reason !== undefined) void this.takeBack(reason);
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
      try {
        return await running.save.enact();
      } catch (error) {
        await this.#return(running, asSluiceError(error).message);
        throw error;
      }
    });
  }

  /** Takes the save back: its sessions return to the generation in force. Resolves when they have; at once if nothing is tried. */
  async takeBack(reason: string): Promise<{ readonly behind?: SessionsBehind }> {
    const running = this.#running;
    this.#running = undefined;
    const returning = running === undefined ? undefined : this.#return(running, reason);
    if (returning !== undefined) this.#returning = returning;
    await this.#returning;
    return (await returning) ?? {};
  }

  /** Ends the trial without returning sessions, as the proxy closes. */
  stop(): void {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    clearTimeout(running.timer);
    running.save.stop();
  }

  async #return({ save, timer, begun }: Running<S>, reason: string): Promise<{ readonly behind?: SessionsBehind }> {
    clearTimeout(timer);
    const left = await save.takeBack(reason);
    await begun;
    this.proxy.tell({ type: "taken-back", generation: save.change.number, reason, ...left });
    return left;
  }

  #acceptLater({ acceptedAfter }: S): NodeJS.Timeout | undefined {
    if (acceptedAfter === undefined) return undefined;
    const timer = setTimeout(() => {
      // A failure is announced by an event.
      this.accept().catch(() => undefined);
    }, acceptedAfter);
    return timer.unref();
  }
}

/** The reason why a trial ends when something else is applied. */
export function supersededBy({ origin }: GenerationSource): string {
  if (origin === "override") return "an override came; it is tried again with that";
  return origin === "restore" ? "another generation was restored" : "a save came that need not be tried";
}
