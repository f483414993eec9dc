import type { Observable } from "rxjs";
import type { Duration, ListenerView, ProxyEvent, ResolvedConfig, SluiceError, Timeouts } from "../../contract/index.ts";
import type { ReloadPlan, ReloadReport } from "../generation/reload-plan.ts";
import type { Steering } from "./steering.ts";

/** Sessions that are open. */
export interface OpenSessions {
  readonly streams: number;
  /** UDP flows too. */
  readonly all: number;
}

/** What follows a config file: a proxy in this process, or several processes that are one proxy. */
export interface ServingProxy {
  readonly generation: number;
  readonly timeouts: Timeouts;
  readonly steering: Steering;
  /** The bound listeners by name. */
  readonly listeners: Readonly<Record<string, Pick<ListenerView, "name" | "url">>>;
  readonly adminUrl: string | undefined;
  /** The events that are not a session's; completes when it has closed. */
  readonly lifecycle: Observable<ProxyEvent>;
  /** Those of sessions that come and go. */
  readonly arrivals: Observable<ProxyEvent>;
  open(): OpenSessions | Promise<OpenSessions>;
  /** Takes another config, all or not at all. Rejects with the SluiceError that refused it. */
  applyResolved(config: ResolvedConfig, rebuild?: boolean): Promise<ReloadReport>;
  planResolved(config: ResolvedConfig, rebuild: boolean): ReloadPlan | Promise<ReloadPlan>;
  /** Announces a refusal. */
  refuse(thrown: unknown): SluiceError;
  close(options?: { readonly drain?: Duration }): Promise<void>;
}
