import type { ChunkEvent } from "../../admin/events/session-tap.ts";
import type { ProxyRates } from "../../admin/events/rates.ts";
import type { SessionView } from "../../admin/sessions/session-view.ts";

/** The events that come over the control socket while a proxy is watched. */
export type WatchEvent =
  | { readonly type: "rates"; readonly data: ProxyRates }
  | { readonly type: "session-started"; readonly data: SessionView }
  | { readonly type: "session-ended"; readonly data: SessionView & { readonly message?: string } }
  | { readonly type: "chunk"; readonly data: ChunkEvent }
  | { readonly type: "dropped"; readonly data: { readonly dropped: number } }
  | { readonly type: "reloaded"; readonly data: { readonly generation: number; readonly overrides?: number } }
  | { readonly type: "refused"; readonly data: { readonly error: { readonly message: string } } }
  | { readonly type: "endpoint-down" | "endpoint-up"; readonly data: { readonly listener: string; readonly endpoint: string } };
