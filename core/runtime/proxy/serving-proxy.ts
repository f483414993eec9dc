import type { Observable } from "rxjs";
import type { BoundListener, Duration, ProxyEvent, ResolvedConfig, SluiceError, Timeouts } from "../../contract/index.ts";
import type { ReloadPlan, ReloadReport } from "../generation/reload-plan.ts";
import type { Steering } from "./steering.ts";

/** The number of open sessions. */
export interface OpenSessions {
  readonly streams: number;
  /** Including UDP flows. */
  readonly all: number;
}

/** A proxy that can follow a config file: one in this process, or several processes that act as one. */
export interface ServingProxy {
  readonly generation: number;
  readonly timeouts: Timeouts;
  readonly steering: Steering;
  /** The bound listeners by name. */
  readonly listeners: Readonly<Record<string, Pick<BoundListener, "name" | "url">>>;
  readonly adminUrl: string | undefined;
  /** The events that do not belong to a session. Completes when the proxy has closed. */
  readonly lifecycle: Observable<ProxyEvent>;
  /** The events of sessions that begin and end. */
  readonly arrivals: Observable<ProxyEvent>;
  open(): OpenSessions | Promise<OpenSessions>;
  /** Applies another config, completely or not at all. Rejects with the SluiceError that refused it. */
  applyResolved(config: ResolvedConfig, rebuild: boolean): Promise<ReloadReport>;
  planResolved(config: ResolvedConfig): ReloadPlan | Promise<ReloadPlan>;
  /** Announces a refusal. */
  refuse(thrown: unknown): SluiceError;
  close(options?: { readonly drain?: Duration }): Promise<void>;
}
