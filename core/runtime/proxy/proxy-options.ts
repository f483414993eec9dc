import type { Logger } from "../../contract/index.ts";
import type { Followers } from "./make-ready.ts";

/** Options of a proxy. `log` follows the config's `log`; it is undefined if a program has a logger of its own. `companion` is the admin server. */
export interface ProxyOptions extends Followers {
  readonly logger: Logger;
  /** The readers of the log already see the first listeners elsewhere, so they are not logged. */
  readonly announced?: boolean;
}
