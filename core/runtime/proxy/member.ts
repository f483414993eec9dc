import type { ResolvedConfig, Shared } from "../../contract/index.ts";
import type { HealthPeers } from "../../net/balance/endpoints/health-peers.ts";
import type { Bindings } from "../listener/bind-listeners.ts";
import type { Neighbours } from "../state/neighbours.ts";
import type { Listener } from "../listener/listener.ts";
import type { ShareStart } from "../trial/share.ts";
import type { TrialFault } from "../trial/trial-faults.ts";

/** Where the shares of a trial begin in this process, by listener. */
export type ShareStarts = ReadonlyMap<string, ShareStart>;

/** The first of several processes, which decides for all, as the proxy of another process sees it. */
export interface Member {
  /** The number of the generation that is being made. */
  readonly generation: number;
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
  /**
   * Reports that its plugins are set up, and on which listeners they could be tried. Resolves with where the shares begin; undefined: the config is to
   * be put into force at once. Rejects with the error that refused it.
   */
  tries(config: ResolvedConfig, running: ReadonlyMap<string, Listener>, listeners: readonly string[]): Promise<ShareStarts | undefined>;
  /** Reports that its sessions could try a save now. Resolves when those of all processes could; rejects when one of them refuses. */
  tryTogether(): Promise<void>;
  /** Reports a fault of a generation on trial. */
  fault(generation: number, fault: TrialFault): void;
}
