import type { ResolvedConfig, Shared } from "../../contract/index.ts";
import type { HealthPeers } from "../../net/balance/health-peers.ts";
import type { Bindings } from "../listener/bind-listeners.ts";
import type { Neighbours } from "../state/neighbours.ts";
import type { Listener } from "../listener/listener.ts";

/** What a proxy that is one of several processes asks of the first one, which decides for all. */
export interface Member {
  /** The number of the generation that this process begins with. */
  readonly first: number;
  /** What it has in common with the others. */
  readonly shared: Shared;
  readonly health: HealthPeers;
  readonly neighbours: Neighbours;
  /** Its plugins are set up. Resolves with the sockets of the listeners once that holds for all processes; rejects with what refused it. */
  bind(config: ResolvedConfig, running: ReadonlyMap<string, Listener>): Promise<Bindings>;
  /** It could commit now. Resolves once that holds for all processes; rejects when one of them refuses. */
  agreed(bindings: Bindings): Promise<void>;
}
