import type { TrialView } from "../../contract/index.ts";
import type { LiveConfig } from "../../runtime/proxy/live-config.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { ServingProxy } from "../../runtime/proxy/serving-proxy.ts";
import type { Steering } from "../../runtime/proxy/steering.ts";
import type { ListenerView } from "../views/listener-view.ts";

/** The object that steering works on: a proxy in this process, or one of several processes. */
export interface SteerableProxy {
  readonly proxy: Pick<ServingProxy, "generation" | "steering">;
  /** @throws SLUICE_ADMIN_CONFLICT for a proxy whose config came from a program */
  readonly config: Pick<LiveConfig, "file" | "write" | "plan" | "reload">;
  /** Makes a generation that differs from the config. A refusal is announced like a refused save, except if the call itself is wrong. */
  steer(work: (steering: Steering) => Promise<ReloadReport>): Promise<ReloadReport>;
  /** @throws SLUICE_ADMIN_UNKNOWN */
  listener(name: string): ListenerView | Promise<ListenerView>;
  /** The save that some sessions try; undefined: none. */
  trial(): TrialView | undefined | Promise<TrialView | undefined>;
  /** Open sessions by the generation whose byte hooks they run. */
  sessionsOfGenerations(): ReadonlyMap<number, number> | Promise<ReadonlyMap<number, number>>;
}
