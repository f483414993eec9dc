import type { Observable } from "rxjs";
import type { ProxyEvent } from "../../contract/index.ts";
import { Histogram } from "./histogram.ts";

/** Seconds. */
const reloadSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** How the saves of a proxy went. */
export class ReloadCounts {
  applied = 0;
  refused = 0;
  takenBack = 0;
  /** Of those that were applied: from what was loaded until all sessions had followed. */
  readonly durations = new Histogram(reloadSeconds);
  /** Whether the last one was applied; the start counts as one. */
  lastOk = true;
  /** When one was applied last, in epoch milliseconds. */
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
