import type { Duration, UpstreamConfig } from "sluice";
import type { protocolNames } from "./protocols.ts";

/** A protocol that is recognized by its first bytes. */
export type RouteProtocol = (typeof protocolNames)[number] | "quic";

/** A route of `route()`: the upstream of the sessions that match all of its conditions. */
export interface SessionRouteConfig {
  /** The server name in the client's SNI: a name, `"*.example.com"` for all below it, `"*"` for any name. One in a list must match. @default any */
  serverName?: string | readonly string[] | undefined;
  /** A protocol that the client offers through ALPN. @default any */
  alpn?: string | readonly string[] | undefined;
  /** The protocol of the first bytes. @default any */
  protocol?: RouteProtocol | readonly RouteProtocol[] | undefined;
  /** Networks of the client's address. @default any */
  client?: readonly string[] | undefined;
  /** The upstream of such sessions. */
  upstream: UpstreamConfig;
}

/** The options of `route()`. */
export interface RouteConfig {
  /** Tried in order: the first route that matches is taken. */
  readonly routes: SessionRouteConfig[];
  /** The upstream of all other sessions. @default the listener's own upstream */
  readonly fallback?: UpstreamConfig | undefined;
  /**
   * The longest wait for the first bytes, if a route needs them. A server that speaks first is delayed by this time. @default "300ms"; once a ClientHello
   * has begun, "5s"
   */
  readonly timeout?: Duration | undefined;
}
