import type { ResolvedConfig } from "../contract/index.ts";
import { ConfigLoader } from "../config/config-loader.ts";
import { withoutExit } from "../config/exit-guard.ts";
import { placeIn } from "./place.ts";
import { constructAll } from "./generation.ts";
import { createLogger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";

/**
 * Loads and validates a config file and constructs its plugins; opens nothing and runs no `setup`.
 * @throws every SLUICE_CONFIG_… code, SLUICE_ADDRESS_DUPLICATE, SLUICE_PLUGIN_CONSTRUCT, SLUICE_CERTIFICATE_INVALID for files of upstream.tls
 */
export async function checkConfig(file: string): Promise<{ readonly config: ResolvedConfig; readonly warnings: readonly string[] }> {
  const loader = new ConfigLoader(file);
  const loaded = await loader.load();
  const { config } = loaded;
  try {
    const tools = { logger: createLogger({ level: "silent" }), metrics: createMetrics(), locate: placeIn(loader.files) };
    const warnings = await withoutExit(
      (local) => loader.files.has(local),
      () => constructAll(config, tools),
    );
    return { config, warnings };
  } finally {
    loaded.retire();
  }
}
