import type { ResolvedConfig } from "../../contract/index.ts";
import { PluginMeter } from "../../flow/chain/meter.ts";
import { HealthBook } from "../../net/balance/endpoints/health-book.ts";
import type { GenerationTools } from "../generation/generation-tools.ts";
import { prepareGeneration, type Generation } from "../generation/generation.ts";
import { placeOfAuthor } from "../log/author-place.ts";
import { LocalShared } from "../state/local-shared.ts";
import { createMetrics } from "../state/metrics.ts";

/**
 * Builds the generation of a config that never serves, for example to check the config; it is torn down when `use` is done.
 *
 * @returns what `use` returns
 * @throws the errors of {@link prepareGeneration}, and those of `use`
 */
export async function withLoneGeneration<T>(
  config: ResolvedConfig,
  told: Pick<GenerationTools, "logger" | "fault">,
  use: (generation: Generation) => T | Promise<T>,
): Promise<T> {
  const { generation, fresh } = await prepareGeneration(config, undefined, {
    ...told,
    number: 1,
    metrics: createMetrics(),
    shared: new LocalShared(),
    health: new HealthBook(undefined),
    checksChanged: () => undefined,
    rebuild: true,
    locate: placeOfAuthor,
    local: () => undefined,
    admin: () => undefined,
    meter: (_listener, plugin) => new PluginMeter(plugin),
  });
  try {
    return await use(generation);
  } finally {
    for (const pipeline of fresh) pipeline.retire();
    await Promise.all(fresh.map(({ gone }) => gone));
    generation.resolver.close();
  }
}
