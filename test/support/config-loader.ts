import { ConfigLoader as Loader, type LoadedConfig, type LoadOptions } from "../../core/config/load/config-loader.ts";
import { transports } from "../../core/net/transports/table.ts";

/** As a proxy makes it. Nothing sets the plugins up: `watch` calls of later tests do not belong to its loads. */
export class ConfigLoader extends Loader {
  constructor(file: string) {
    super(file, transports);
  }

  override async load(options?: LoadOptions): Promise<LoadedConfig> {
    const loaded = await super.load(options);
    loaded.settle();
    return loaded;
  }
}
