import { ConfigLoader as Loader } from "../../core/config/load/config-loader.ts";
import { transports } from "../../core/net/transports/table.ts";

/** As a proxy makes it. */
export class ConfigLoader extends Loader {
  constructor(file: string) {
    super(file, transports);
  }
}
