import type { Duration, Size, UpstreamConfig } from "sluice";

/** Changes to the fields of a header. */
export interface HeaderChangesConfig {
  /** Fields to set, which replace those that were sent. */
  set?: Record<string, string> | undefined;
  /** Fields to remove. */
  remove?: string[] | undefined;
}

/** What happens to the cookies that an upstream sets. */
interface HttpCookiesConfig {
  /** `"rewrite"`: a domain of the upstream becomes the host that the client asked for. Any other text replaces every domain; `""` removes it. @default "keep" */
  domain?: string | undefined;
  /** `"rewrite"`: the route's change of the path is undone. `"/path"` replaces every path. @default "keep" */
  path?: string | undefined;
}

/** A route of `http()`: the upstream of the requests that match all of its conditions, and changes to them. */
export interface HttpRouteConfig {
  /** `api.localhost`, or `*.localhost` for everything below it. @default any */
  host?: string | undefined;
  /** The beginning of the path, in whole segments. @default any */
  path?: string | undefined;
  /** The method or methods. @default any */
  method?: string | string[] | undefined;
  /** The upstream of such requests. @default the listener's own */
  upstream?: UpstreamConfig | undefined;
  /** Replaces `path` in the request to the upstream. */
  rewrite?: string | undefined;
  /** Changes to the request's header. */
  headers?: HeaderChangesConfig | undefined;
  /** Changes to the response's header. */
  responseHeaders?: HeaderChangesConfig | undefined;
  /** `"rewrite"`: `Location`, `Content-Location` and `Refresh` are changed to addresses that work for the client. @default "keep" */
  location?: "keep" | "rewrite" | undefined;
  /** What happens to the cookies that the upstream sets. */
  cookies?: HttpCookiesConfig | undefined;
}

/** The limits of `http()`. */
export interface HttpLimitsConfig {
  /** Bytes of a request's header, including its first line. @default "16KiB" */
  header?: Size | undefined;
  /** Fields in a request's header. @default 100 */
  fields?: number | undefined;
  /** Bytes of a request's body. @default any */
  body?: Size | undefined;
  /** Connections to one endpoint, without those that carry a lasting response or a WebSocket. @default 256 */
  connections?: number | undefined;
  /** How many of these connections the requests of one client may use at once. @default half of `connections` */
  connectionsPerClient?: number | undefined;
  /** Connections to one endpoint that carry a lasting response: events, or any response that takes more than a second. Further ones count as `connections`. @default 1024 */
  lasting?: number | undefined;
  /** Unused connections to one endpoint that are kept. @default 64 */
  idleConnections?: number | undefined;
  /** Requests that wait for a connection to one endpoint. @default 1024 */
  waiting?: number | undefined;
  /** Bytes of a response's header, including its first line. @default "64KiB" */
  responseHeader?: Size | undefined;
  /** Simultaneous requests on one HTTP/2 connection. @default 100 */
  streams?: number | undefined;
  /** Bytes of a request's body that are kept for another attempt. @default "64KiB" */
  replay?: Size | undefined;
}

/** The time limits of `http()`. */
export interface HttpTimeoutsConfig {
  /** The longest time for a request's header. @default "10s" */
  headers?: Duration | undefined;
  /** How long a client may send nothing in the middle of a request's body; 0: no limit. @default "5m" */
  request?: Duration | undefined;
  /** How long a client's connection is kept without a request. @default "60s" */
  keepAlive?: Duration | undefined;
  /** How long a client that has finished sending (FIN) is kept while nothing of its response is sent (HTTP/2: for the rest of its responses). 0: not at all, since most such clients have left. @default "0s" */
  halfClosed?: Duration | undefined;
  /** How long a client may read nothing while data of its response waits; 0: no limit. @default "60s" */
  send?: Duration | undefined;
  /** How long the upstream may take for the header of its response after the request is sent (including the wait for a connection), and for reading a part of the request; 0: no limit. @default "60s" */
  response?: Duration | undefined;
  /** How long an unused connection to an upstream is kept; 0: none is kept. @default "4s" */
  idleConnection?: Duration | undefined;
  /** The age after which a connection to an upstream gets no further request; 0: no limit. @default "5m" */
  connectionAge?: Duration | undefined;
}

/** The options of `http()`. */
export interface HttpConfig {
  /** The routes of requests, of which the most specific one counts. @default all requests go to the listener's upstream */
  readonly routes?: HttpRouteConfig[] | undefined;
  /** Addresses and networks of proxies whose X-Forwarded-* and Forwarded fields are trusted. @default none */
  readonly trustedProxies?: string[] | undefined;
  /** Limits of headers, connections and waiting requests. */
  readonly limits?: HttpLimitsConfig | undefined;
  /** Time limits. */
  readonly timeouts?: HttpTimeoutsConfig | undefined;
}
