import type { LivePipeline } from "./live-pipeline.ts";

/** Pipelines that no new session uses, until their plugins are torn down. */
export class RetiredPipelines {
  readonly #pipelines = new Set<LivePipeline>();

  add(pipeline: LivePipeline): void {
    pipeline.retire();
    this.#pipelines.add(pipeline);
    void pipeline.gone.then(() => this.#pipelines.delete(pipeline));
  }

  /** Resolves when the plugins of all pipelines that are retired now are torn down. */
  async gone(): Promise<void> {
    await Promise.all([...this.#pipelines].map(({ gone }) => gone));
  }
}
