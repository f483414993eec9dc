import type { SessionsBehind, TrialView } from "../../../contract/index.ts";
import type { ReloadReport } from "../../../runtime/generation/reload-plan.ts";
import type { ShareStarts } from "../../../runtime/proxy/member.ts";
import type { Change, TriedSave } from "../../../runtime/trial/trials.ts";
import type { ShareStart } from "../../../runtime/trial/share.ts";
import type { Addresses } from "../../wire/calls.ts";
import { deadlineOf } from "../processes/within.ts";
import type { WorkerProcess } from "../processes/worker-process.ts";
import { allBehind } from "./merged-report.ts";
import { commitAll, inAll, reports } from "./round.ts";
import { shareStarts } from "./share-starts.ts";

/** A generation that is set up in all workers. */
export interface ChangeOfWorkers extends Change {
  readonly workers: readonly WorkerProcess[];
}

/** What a save on trial needs from its proxy. */
export interface SaveHost {
  readonly datagrams: Addresses;
  enact(change: ChangeOfWorkers): Promise<ReloadReport>;
  /** The save was taken back. */
  takenBack(change: ChangeOfWorkers, reason: string): void;
}

/** A save that is tried on sessions of all workers: in all of them or in none. */
export class SaveOfWorkers implements TriedSave {
  readonly #since = Date.now();
  readonly #deadlineMs: number;

  /** @param tried the listeners on which it is tried, at least one */
  constructor(
    readonly change: ChangeOfWorkers,
    private readonly tried: readonly string[],
    private readonly host: SaveHost,
  ) {
    this.#deadlineMs = deadlineOf(change.wanted.config);
  }

  get acceptedAfter(): number {
    return Math.max(...this.#trials.map(({ trial }) => trial.forMs));
  }

  get beginning(): TrialView {
    const listeners = this.#trials.map(({ name, trial }) => {
      return { listener: name, share: trial.share, sessions: 0, faults: 0, allowed: trial.faults };
    });
    return { generation: this.change.number, since: this.#since, until: this.#since + this.acceptedAfter, listeners };
  }

  /** The trial now, from what the workers say. */
  async view(): Promise<TrialView> {
    const told = await Promise.allSettled(this.change.workers.map((worker) => worker.channel.call("trial")));
    const all = told.flatMap((each) => (each.status === "fulfilled" ? (each.value?.listeners ?? []) : []));
    const listeners = this.beginning.listeners.map((known) => {
      const own = all.filter(({ listener }) => listener === known.listener);
      const sum = (of: "sessions" | "faults"): number => own.reduce((total, each) => total + each[of], 0);
      return { ...known, sessions: sum("sessions"), faults: sum("faults") };
    });
    return { ...this.beginning, listeners };
  }

  async ready(): Promise<void> {
    const { workers } = this.change;
    const starts = await this.#starts();
    await inAll(workers, this.#deadlineMs, (worker) => worker.channel.order(this.#deadlineMs, "try", starts.get(worker) ?? new Map()));
  }

  async follow(): Promise<void> {
    const { workers } = this.change;
    await commitAll(workers, { datagrams: this.host.datagrams, admin: undefined });
    await reports(workers, this.#deadlineMs);
  }

  enact(): Promise<ReloadReport> {
    return this.host.enact({ ...this.change, started: performance.now() });
  }

  async takeBack(reason: string): Promise<{ readonly behind?: SessionsBehind }> {
    const { workers } = this.change;
    const all = await Promise.all(workers.map((worker) => this.#takeBackIn(worker, reason)));
    this.host.takenBack(this.change, reason);
    return allBehind(all);
  }

  stop(): void {
    // The workers close, each with its part of the trial.
  }

  /** A worker that does not answer hangs, and its successor starts with the generation in force. */
  async #takeBackIn(worker: WorkerProcess, reason: string): Promise<{ readonly behind?: SessionsBehind }> {
    try {
      return await worker.channel.order(this.#deadlineMs, "takeBack", reason);
    } catch (error) {
      if (!worker.isGone) worker.kill(error);
      return {};
    }
  }

  /** Where the shares begin in each worker. */
  async #starts(): Promise<ReadonlyMap<WorkerProcess, ShareStarts>> {
    const { workers } = this.change;
    const open = await Promise.all(workers.map((worker) => worker.channel.call("sessions").catch(() => new Map<string, number>())));
    const starts = new Map(workers.map((worker) => [worker, new Map<string, ShareStart>()]));
    for (const { name, reload, trial } of this.#trials) {
      const counts = open.map((each) => (reload.sessions === "swap" ? (each.get(name) ?? 0) : 0));
      for (const [at, start] of shareStarts(counts, trial.share).entries()) starts.get(workers[at] as WorkerProcess)?.set(name, start);
    }
    return starts;
  }

  get #trials() {
    return this.change.wanted.config.listeners.flatMap(({ name, reload }) =>
      reload.trial !== undefined && this.tried.includes(name) ? [{ name, reload, trial: reload.trial }] : [],
    );
  }
}
