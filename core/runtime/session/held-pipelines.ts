import type { LivePipeline } from "../version/live-pipeline.ts";

const none: readonly LivePipeline[] = [];

/** The pipelines that a session keeps alive: the current one, and those whose plugins still work for it. */
export class HeldPipelines {
  #current: LivePipeline;
  /** The pipeline that opens the session, and those that are being swapped out. */
  #leaving: LivePipeline[] | undefined;

  constructor(first: LivePipeline) {
    this.#current = first;
    first.acquire();
  }

  /** The pipeline whose byte hooks the session runs. */
  get current(): LivePipeline {
    return this.#current;
  }

  /** Moves the session to another pipeline. The previous one is still held. */
  replace(next: LivePipeline): void {
    (this.#leaving ??= []).push(this.#current);
    this.#current = next;
    next.acquire();
  }

  /** Releases the pipelines that the session has left, as they have no more work for it. */
  releaseLeft(): void {
    const leaving = this.#leaving ?? none;
    this.#leaving = undefined;
    for (const pipeline of leaving) pipeline.release();
  }

  /** Releases all pipelines, as the session is over. */
  releaseAll(): void {
    this.releaseLeft();
    this.#current.release();
  }
}
