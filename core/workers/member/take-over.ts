import type { ListenAddress, ResolvedConfig, SocketAddress } from "../../contract/index.ts";
import { transportOf } from "../../net/transports/table.ts";
import { listenOptions } from "../../runtime/listener/listen-options.ts";
import type { Listener } from "../../runtime/listener/listener.ts";

/**
 * Binds the socket of a listener that another worker had. Its flows have ended with that worker: the next datagram of each client begins a new one.
 *
 * @param now the address that it had
 * @throws SLUICE_ADDRESS_IN_USE and its kin
 */
export async function takeOver(listener: Listener, config: ResolvedConfig, now: SocketAddress | undefined): Promise<void> {
  const own = listener.version.config;
  const bound = await transportOf(own.address).bind(portOf(own.address, now), listener.name, listenOptions(own, config));
  listener.bound = bound;
  listener.start();
}

/** An address; port 0 is replaced by the port that the listener already has. */
export function portOf(address: ListenAddress, now: SocketAddress | undefined): ListenAddress {
  return now === undefined || address.port !== 0 ? address : { ...address, port: now.port };
}
