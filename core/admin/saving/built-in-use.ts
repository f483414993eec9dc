import type { PluginUse } from "../../contract/index.ts";
import type { SaveKind } from "./save-host.ts";

const plugins: Readonly<Record<SaveKind, string>> = { capture: "capture", recording: "record" };

/** The plugin that writes a kind of file, imported by its public name, since the core depends on no plugin. */
export async function builtInUse(kind: SaveKind, options: object): Promise<PluginUse> {
  const all = (await import(import.meta.resolve("sluice/plugins"))) as Readonly<Record<string, (given: object) => PluginUse>>;
  const factory = all[plugins[kind]];
  if (factory === undefined) throw new Error(`sluice/plugins has no ${plugins[kind]}`);
  return factory(options);
}
