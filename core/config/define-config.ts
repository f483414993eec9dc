import type { SluiceConfig } from "../contract/index.ts";

/**
 * Gives a `proxy.config.ts` its types: completion and checks in the editor. Returns its argument; the config is validated when
 * it is loaded.
 */
export function defineConfig(config: SluiceConfig): SluiceConfig {
  return config;
}
