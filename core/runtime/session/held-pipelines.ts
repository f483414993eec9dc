import type { LivePipeline } from "../version/live-pipeline.ts";

const none: readonly LivePipeline[] = [];

/** The pipelines that a session keeps alive: the one that it is on, and those whose plugins still work for it. */
export class HeldPipelines {
  #current: LivePipeline;
  /** The one that opens the session, those that are being swapped out. */
  #leaving: LivePipeline[] | undefined;

  constructor(first: LivePipeline) {
    this.#current = first;
    first.acquire();
  }

  /** The one whose byte hooks the session runs. */
  get current(): LivePipeline {
    return this.#current;
  }

  /** The session is on another one from now; the last one is still held. */
  replace(next: LivePipeline): void {
    (this.#leaving ??= []).push(this.#current);
    this.#current = next;
    next.acquire();
  }

  /** Those that the session has left have no more work to do for it. */
  releaseLeft(): void {
    const leaving = this.#leaving ?? none;
    this.#leaving = undefined;
    for (const pipeline of leaving) pipeline.release();
  }

  /** The session is over. */
  releaseAll(): void {
    this.releaseLeft();
    this.#current.release();
  }
}
