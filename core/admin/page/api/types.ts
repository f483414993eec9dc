// The types of the API's answers, which the server defines. Only types are imported, so no code of the server is in the page.
export type { ListenerRates } from "../../events/rates.ts";
export type { ChunkEvent } from "../../events/session-tap.ts";
export type { SessionDetail, SessionView } from "../../sessions/session-view.ts";
export type { GenerationView } from "../../views/generation-view.ts";
export type { ListenerView, PluginView } from "../../views/listener-view.ts";
export type { Direction } from "../../../contract/session/hooks.ts";
export type { ProxyStatus } from "../../../runtime/proxy/proxy-status.ts";
export type { SaveView as SavedFile } from "../../saving/save.ts";
export type { TrialView } from "../../../contract/events/trial.ts";
