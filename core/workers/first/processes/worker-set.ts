import cluster from "node:cluster";
import { WorkerProcess, type Listening } from "./worker-process.ts";

/** All workers, each at its place. */
export class WorkerSet {
  readonly #workers = new Map<number, WorkerProcess>();
  /** Workers that drain, one at each place at most. */
  readonly #draining = new Map<number, WorkerProcess>();

  /** @param exec the script that a worker runs */
  constructor(
    exec: string,
    readonly size: number,
    private readonly listening: Listening,
  ) {
    cluster.setupPrimary({ exec, args: [], serialization: "advanced", stdio: ["ignore", "inherit", "inherit", "ipc"] });
  }

  /** The workers that serve, in the order of their places. */
  get serving(): readonly WorkerProcess[] {
    return this.all.filter(({ servesSince }) => servesSince !== undefined);
  }

  /** The workers that serve, or are to. */
  get all(): readonly WorkerProcess[] {
    return [...this.#workers.values()].filter(({ isGone }) => !isGone).toSorted((a, b) => a.place - b.place);
  }

  /** All processes: those that drain, too. */
  get processes(): readonly WorkerProcess[] {
    return [...this.#workers.values(), ...this.#draining.values()].filter(({ hasEnded }) => !hasEnded);
  }

  fork(place: number): WorkerProcess {
    const before = this.#workers.get(place);
    if (before?.hasEnded === false) {
      this.#draining.get(place)?.kill("another worker drains at its place");
      this.#draining.set(place, before);
    }
    const worker = new WorkerProcess(place, this.listening);
    this.#workers.set(place, worker);
    return worker;
  }
}
