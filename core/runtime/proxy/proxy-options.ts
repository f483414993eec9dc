import type { Logger } from "../../contract/index.ts";
import type { Followers } from "./make-ready.ts";

/** `log`: what the config's `log` is for; undefined where a program has one of its own. `companion`: the admin server. */
export interface ProxyOptions extends Followers {
  readonly logger: Logger;
  /** Whoever reads the log sees the first listeners elsewhere already. */
  readonly announced?: boolean;
}
