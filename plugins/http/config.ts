import type { Duration, Size, UpstreamConfig } from "sluice";

/** Changes to the fields of a header. */
export interface HeaderChangesConfig {
  /** Fields to set, whatever was sent. */
  set?: Record<string, string> | undefined;
  /** Fields to leave out. */
  remove?: string[] | undefined;
}

/** What happens to the cookies that an upstream sets. */
interface HttpCookiesConfig {
  /** `"rewrite"`: a domain of the upstream becomes the host that the client asked for; another text: every domain becomes that, `""` for none. @default "keep" */
  domain?: string | undefined;
  /** `"rewrite"`: what the route changed in the path is undone; `"/path"`: every path becomes that. @default "keep" */
  path?: string | undefined;
}

/** A route of `http()`: where requests go for which all that it says holds. */
export interface HttpRouteConfig {
  /** `api.localhost`, or `*.localhost` for everything below it. @default any */
  host?: string | undefined;
  /** The path's beginning, in whole segments. @default any */
  path?: string | undefined;
  /** Methods that it is for. @default any */
  method?: string | string[] | undefined;
  /** Where such requests go. @default the listener's own */
  upstream?: UpstreamConfig | undefined;
  /** Takes the place of `path` in what the upstream is asked for. */
  rewrite?: string | undefined;
  /** Changes to the request's header. */
  headers?: HeaderChangesConfig | undefined;
  /** Changes to the response's header. */
  responseHeaders?: HeaderChangesConfig | undefined;
  /** `"rewrite"`: `Location`, `Content-Location` and `Refresh` lead where the client has to ask for it. @default "keep" */
  location?: "keep" | "rewrite" | undefined;
  /** What happens to the cookies that the upstream sets. */
  cookies?: HttpCookiesConfig | undefined;
}

/** What `http()` holds at most. */
export interface HttpLimitsConfig {
  /** Bytes of a request's header, its first line included. @default "16KiB" */
  header?: Size | undefined;
  /** Fields in a request's header. @default 100 */
  fields?: number | undefined;
  /** Bytes of a request's body. @default any */
  body?: Size | undefined;
  /** Connections to one endpoint, but for those that carry a response that lasts, or a WebSocket. @default 256 */
  connections?: number | undefined;
  /** Of them, those that one client's requests may use at once. @default half of `connections` */
  connectionsPerClient?: number | undefined;
  /** Connections to one endpoint that carry a response that lasts: events, or what comes for more than a second. Further ones count as `connections`. @default 1024 */
  lasting?: number | undefined;
  /** Of them, those that are kept while nothing uses them. @default 64 */
  idleConnections?: number | undefined;
  /** Requests that wait for a connection to one endpoint. @default 1024 */
  waiting?: number | undefined;
  /** Bytes of a response's header, its first line included. @default "64KiB" */
  responseHeader?: Size | undefined;
  /** Requests at once on one HTTP/2 connection. @default 100 */
  streams?: number | undefined;
  /** Bytes of a request's body that are kept for another attempt. @default "64KiB" */
  replay?: Size | undefined;
}

/** How long `http()` waits. */
export interface HttpTimeoutsConfig {
  /** For a request's header. @default "10s" */
  headers?: Duration | undefined;
  /** How long a client may send nothing in the middle of a request's body; 0: no limit. @default "5m" */
  request?: Duration | undefined;
  /** How long a client's connection is kept without a request. @default "60s" */
  keepAlive?: Duration | undefined;
  /** How long a client that has finished sending (FIN) is kept while nothing of its response is sent (HTTP/2: for the rest of its responses). 0: not at all, since most that do so have left. @default "0s" */
  halfClosed?: Duration | undefined;
  /** How long a client may take nothing of a response that waits for it; 0: no limit. @default "60s" */
  send?: Duration | undefined;
  /** For the header of the upstream's response once the request is sent, the wait for a connection included, and for taking a part of the request; 0: no limit. @default "60s" */
  response?: Duration | undefined;
  /** How long a connection to an upstream is kept without a request; 0: none is kept. @default "4s" */
  idleConnection?: Duration | undefined;
  /** How old a connection to an upstream may be that takes another request; 0: no limit. @default "5m" */
  connectionAge?: Duration | undefined;
}

/** What `http()` takes. */
export interface HttpConfig {
  /** Where requests go: the most specific route counts. @default all to the listener's upstream */
  readonly routes?: HttpRouteConfig[] | undefined;
  /** Addresses and networks of proxies whose X-Forwarded-* and Forwarded are believed. @default none */
  readonly trustedProxies?: string[] | undefined;
  /** What is held at most: headers, connections, requests that wait. */
  readonly limits?: HttpLimitsConfig | undefined;
  /** How long is waited, and for what. */
  readonly timeouts?: HttpTimeoutsConfig | undefined;
}
