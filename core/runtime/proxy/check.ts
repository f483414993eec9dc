import type { ResolvedConfig, SluiceError } from "../../contract/index.ts";
import { ConfigLoader } from "../../config/load/config-loader.ts";
import { transports } from "../../net/transports/table.ts";
import { withoutExit } from "../../config/load/exit-guard.ts";
import { createLogger } from "../log/logger.ts";
import { withLoneGeneration } from "./lone-generation.ts";

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
  const told = {
    logger: createLogger({ level: "warn", to: { write: (line) => void logged.push(messageOf(line)) } }),
    fault: (listener: string, plugin: string, { message }: SluiceError) => void logged.push(`${listener}: ${plugin}: ${message}`),
  };
  try {
    const warnings = await withoutExit(
      (local) => loader.files.has(local),
      () => withLoneGeneration(config, told, (generation) => generation.warnings),
    );
    return { config, warnings: [...warnings, ...logged] };
  } finally {
    loaded.retire();
  }
}

function messageOf(line: string): string {
  const { listener, plugin, msg } = JSON.parse(line) as { readonly listener?: string; readonly plugin?: string; readonly msg?: string };
  return [listener, plugin, msg].filter((part) => part !== undefined).join(": ");
}
