import type { ResolvedConfig } from "../../contract/index.ts";
import { bindListeners, holderOf, type BoundListener } from "../listener/bind-listeners.ts";
import { claimSockets } from "../generation/socket-claims.ts";
import type { Followers } from "./make-ready.ts";

/**
 * Tries everything that accepting a config will have to do, and undoes it, so that an error which would refuse the config then refuses it now.
 * Addresses that overlap addresses in use are left out, as trying them would close those.
 *
 * @throws the error that refuses the config
 */
export async function rehearse(
  config: ResolvedConfig,
  running: ReadonlyMap<string, BoundListener>,
  { log, companion }: Followers,
): Promise<void> {
  log?.prepare(config).abandon();
  await companion?.rehearse(config);
  const claims = claimSockets(Array.from(running.values(), holderOf), config.listeners);
  const listeners = config.listeners.filter(({ name }) => {
    const claim = claims.get(name);
    return claim !== undefined && claim.socketOf === undefined && claim.inTheWay.length === 0;
  });
  const bindings = await bindListeners({ ...config, listeners }, running);
  await bindings.undo();
}
