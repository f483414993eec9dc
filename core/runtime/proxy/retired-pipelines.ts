import type { LivePipeline } from "../version/live-pipeline.ts";

/** The pipelines that no new session takes, until their plugins are torn down. */
export class RetiredPipelines {
  readonly #pipelines = new Set<LivePipeline>();

  add(pipeline: LivePipeline): void {
    pipeline.retire();
    this.#pipelines.add(pipeline);
    void pipeline.gone.then(() => this.#pipelines.delete(pipeline));
  }

  /** Resolves when the plugins of all that are here now are torn down. */
  async gone(): Promise<void> {
    await Promise.all([...this.#pipelines].map(({ gone }) => gone));
  }
}
