import type { ResolvedConfig } from "../../contract/index.ts";
import { bindListeners, holderOf, withBeside, type BoundListener } from "../listener/bind-listeners.ts";
import type { SocketBeside } from "../listener/socket-beside.ts";
import { claimSockets, type WantedSocket } from "../generation/socket-claims.ts";
import { prepareFollowers, type Followers } from "./make-ready.ts";

/**
 * Tries everything that accepting a config will have to do, and undoes it, so that an error which would refuse the config then refuses it now.
 * Addresses that overlap addresses in use are left out, as trying them would close those.
 *
 * @throws the error that refuses the config
 */
export async function rehearse(config: ResolvedConfig, running: ReadonlyMap<string, BoundListener>, followers: Followers): Promise<void> {
  const following = await prepareFollowers(config, followers);
  try {
    const { listeners, beside } = apart(config, running, following.socket);
    const bindings = await bindListeners({ ...config, listeners }, running, { beside });
    await bindings.undo();
  } finally {
    following.abandon();
  }
}

/** The new addresses that can be bound while the sockets in use stay. */
function apart(
  { listeners }: ResolvedConfig,
  running: ReadonlyMap<string, BoundListener>,
  beside: SocketBeside | undefined,
): { readonly listeners: ResolvedConfig["listeners"]; readonly beside: SocketBeside | undefined } {
  const [holders, wanted] = withBeside(Array.from(running.values(), holderOf), listeners, beside);
  const claims = claimSockets(holders, wanted);
  const isApart = ({ name }: WantedSocket): boolean => {
    const claim = claims.get(name);
    return claim !== undefined && claim.socketOf === undefined && claim.inTheWay.length === 0;
  };
  return {
    listeners: listeners.filter(isApart),
    beside: beside?.next !== undefined && isApart(beside.next) ? beside : undefined,
  };
}
