import type { Counter } from "sluice";
import type { UpstreamQuery } from "./upstream-query.ts";

/**
 * The queries of a listener that wait for the upstream, oldest first. Each has a socket of its own, so they are bounded: a further one takes
 * the place of the oldest, which is the least likely to be answered still.
 */
export class OpenQueries {
  readonly #open = new Set<UpstreamQuery>();

  constructor(
    private max: number,
    private readonly dropped: Counter,
  ) {}

  resize(max: number): void {
    this.max = max;
    this.#shrinkTo(max);
  }

  add(query: UpstreamQuery): void {
    this.#shrinkTo(this.max - 1);
    this.#open.add(query);
  }

  remove(query: UpstreamQuery): void {
    this.#open.delete(query);
  }

  #shrinkTo(max: number): void {
    for (const oldest of this.#open) {
      if (this.#open.size <= max) return;
      this.dropped.inc();
      // It takes itself out.
      oldest.close();
    }
  }
}
