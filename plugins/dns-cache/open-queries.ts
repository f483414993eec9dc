import type { Counter } from "sluice";
import type { UpstreamQuery } from "./upstream-query.ts";

/**
 * The queries of a listener that wait for the upstream, oldest first. Each has a socket of its own, so their number is bounded: one more
 * replaces the oldest, which is the least likely to get an answer.
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
      // `close` removes it from the set.
      oldest.close();
    }
  }
}
