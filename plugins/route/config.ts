import type { Duration, UpstreamConfig } from "sluice";
import type { protocolNames } from "./protocols.ts";

/** A protocol that first bytes tell. */
export type RouteProtocol = (typeof protocolNames)[number] | "quic";

/** A route of `route()`: where sessions go for which all that it says holds. */
export interface SessionRouteConfig {
  /** What the client asks for by SNI: a name, `"*.example.com"` for all below it, `"*"` for any; of several, one. @default any */
  serverName?: string | readonly string[] | undefined;
  /** A protocol that the client offers through ALPN. @default any */
  alpn?: string | readonly string[] | undefined;
  /** What the first bytes are. @default any */
  protocol?: RouteProtocol | readonly RouteProtocol[] | undefined;
  /** Networks that the client is in. @default any */
  client?: readonly string[] | undefined;
  /** Where such sessions go. */
  upstream: UpstreamConfig;
}

/** What `route()` takes. */
export interface RouteConfig {
  /** Tried in their order: the first whose conditions all hold is taken. */
  readonly routes: SessionRouteConfig[];
  /** Where the others go. @default the listener's own upstream */
  readonly fallback?: UpstreamConfig | undefined;
  /** How long first bytes are waited for, where they decide. A server that speaks first speaks that much later. @default "300ms" */
  readonly timeout?: Duration | undefined;
}
