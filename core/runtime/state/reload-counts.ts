import type { Observable } from "rxjs";
import type { ProxyEvent } from "../../contract/index.ts";
import { Histogram } from "./histogram.ts";

/** Bounds in seconds. */
const reloadSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Counts the reloads of a proxy, applied and refused. */
export class ReloadCounts {
  applied = 0;
  refused = 0;
  takenBack = 0;
  /** Durations of applied reloads: from the loaded config until all sessions had followed. */
  readonly durations = new Histogram(reloadSeconds);
  /** Whether the last reload was applied; the start counts as one. */
  lastOk = true;
  /** When a reload was last applied, in epoch milliseconds. */
  lastOkAt = Date.now();

  constructor(events: Observable<ProxyEvent>) {
    events.subscribe((event) => {
      if (event.type === "reloaded") this.#applied(event.durationMs);
      else if (event.type === "refused") this.#failed("refused");
      else if (event.type === "taken-back") this.#failed("takenBack");
    });
  }

  #applied(durationMs: number): void {
    this.applied += 1;
    this.durations.add(durationMs / 1000);
    this.lastOk = true;
    this.lastOkAt = Date.now();
  }

  #failed(how: "refused" | "takenBack"): void {
    this[how] += 1;
    this.lastOk = false;
  }
}
