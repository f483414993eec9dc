import type { ResolvedConfig, Shared } from "../../contract/index.ts";
import type { HealthPeers } from "../../net/balance/endpoints/health-peers.ts";
import type { Bindings } from "../listener/bind-listeners.ts";
import type { Neighbours } from "../state/neighbours.ts";
import type { Listener } from "../listener/listener.ts";

/** The first of several processes, which decides for all, as the proxy of another process sees it. */
export interface Member {
  /** The number of the first generation of this process. */
  readonly first: number;
  /** Which of the processes this is; see `PLACE`. */
  readonly worker: number;
  /** The value of SHARED: what it shares with the other processes. */
  readonly shared: Shared;
  readonly health: HealthPeers;
  readonly neighbours: Neighbours;
  /**
   * Reports that its plugins are set up. Resolves with the sockets of the listeners when the plugins of all processes are; rejects with the error
   * that refused the config.
   */
  bind(config: ResolvedConfig, running: ReadonlyMap<string, Listener>): Promise<Bindings>;
  /** Reports that it could commit now. Resolves when all processes could; rejects when one of them refuses. */
  agreed(bindings: Bindings): Promise<void>;
}
