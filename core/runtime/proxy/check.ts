import type { ResolvedConfig } from "../../contract/index.ts";
import { ConfigLoader } from "../../config/load/config-loader.ts";
import { transports } from "../../net/transports/table.ts";
import { PluginMeter } from "../../flow/chain/meter.ts";
import { withoutExit } from "../../config/load/exit-guard.ts";
import { placeOfAuthor } from "../log/author-place.ts";
import type { GenerationTools } from "../generation/generation-tools.ts";
import { prepareGeneration } from "../generation/generation.ts";
import { createLogger } from "../log/logger.ts";
import { HealthBook } from "../../net/balance/endpoints/health-book.ts";
import { LocalShared } from "../state/local-shared.ts";
import { createMetrics } from "../state/metrics.ts";

/**
 * Does everything that a start does, except binding: loads and validates a config file, constructs its plugins, runs their `setup`, and then their
 * `teardown`. Warnings that plugins and upstreams would log are returned as warnings.
 *
 * @param text what the file would contain; left out: the file is read
 * @throws every SLUICE_CONFIG_… code, SLUICE_ADDRESS_DUPLICATE, SLUICE_PLUGIN_CONSTRUCT, SLUICE_PLUGIN_SETUP, SLUICE_CERTIFICATE_INVALID
 */
export async function checkConfig(
  file: string,
  text?: string,
): Promise<{ readonly config: ResolvedConfig; readonly warnings: readonly string[] }> {
  const loader = new ConfigLoader(file, transports, undefined, text);
  const loaded = await loader.load();
  const { config } = loaded;
  const logged: string[] = [];
  const tools: GenerationTools = {
    number: 1,
    logger: createLogger({ level: "warn", to: { write: (line) => void logged.push(messageOf(line)) } }),
    metrics: createMetrics(),
    shared: new LocalShared(),
    health: new HealthBook(undefined),
    checksChanged: () => undefined,
    rebuild: true,
    locate: placeOfAuthor,
    local: () => undefined,
    admin: () => undefined,
    meter: (_listener, plugin) => new PluginMeter(plugin),
    fault: (listener, plugin, { message }) => void logged.push(`${listener}: ${plugin}: ${message}`),
  };
  try {
    const { generation, fresh } = await withoutExit(
      (local) => loader.files.has(local),
      () => prepareGeneration(config, undefined, tools),
    );
    for (const pipeline of fresh) pipeline.retire();
    await Promise.all(fresh.map(({ gone }) => gone));
    generation.resolver.close();
    return { config, warnings: [...generation.warnings, ...logged] };
  } finally {
    loaded.retire();
  }
}

function messageOf(line: string): string {
  const { listener, plugin, msg } = JSON.parse(line) as { readonly listener?: string; readonly plugin?: string; readonly msg?: string };
  return [listener, plugin, msg].filter((part) => part !== undefined).join(": ");
}
