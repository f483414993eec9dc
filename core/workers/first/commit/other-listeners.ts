import { SluiceError, type ResolvedConfig } from "../../../contract/index.ts";
import { listenerNames } from "../../wire/listener-names.ts";

/**
 * Refuses a config from which a worker makes other listeners than this process, since it depends on the process or on the moment.
 *
 * @param listeners those of the worker
 * @throws SLUICE_CONFIG_INVALID
 */
export function refuseOthers(config: ResolvedConfig, listeners: readonly string[]): void {
  const own = listenerNames(config);
  if (own.join() === listeners.join()) return;
  const where = config.file === undefined ? {} : { where: `${config.file}: listeners` };
  const text = `a worker has other listeners (${listeners.join(", ")}) than the first process (${own.join(", ")}): make them the same in each`;
  throw new SluiceError("SLUICE_CONFIG_INVALID", text, where);
}
