import type { TrialView } from "../../contract/index.ts";
import type { LiveConfig } from "../../runtime/proxy/live-config.ts";
import type { ReloadReport } from "../../runtime/generation/reload-plan.ts";
import type { ServingProxy } from "../../runtime/proxy/serving-proxy.ts";
import type { Steering } from "../../runtime/proxy/steering.ts";
import type { ListenerView } from "../views/listener-view.ts";

/** What steering works on: a proxy in this process, or one that is several. */
export interface Steered {
  readonly proxy: Pick<ServingProxy, "generation" | "steering"> & { readonly trial?: TrialView | undefined };
  /** @throws SLUICE_ADMIN_CONFLICT for a proxy that a program gave its config */
  readonly config: Pick<LiveConfig, "file" | "write" | "plan" | "reload">;
  /** Has another generation than the config says. What refuses it is announced like a save that is refused, but for a call that is wrong itself. */
  steer(work: (steering: Steering) => Promise<ReloadReport>): Promise<ReloadReport>;
  /** @throws SLUICE_ADMIN_UNKNOWN */
  listener(name: string): ListenerView | Promise<ListenerView>;
  /** Open sessions by the generation whose byte hooks they run. */
  sessionsOfGenerations(): ReadonlyMap<number, number> | Promise<ReadonlyMap<number, number>>;
}
