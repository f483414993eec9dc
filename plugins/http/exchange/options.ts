import { duration, networks, size, upstream } from "sluice";
import { z } from "zod";
import { routeHost } from "../message/authority.ts";
import { asciiTarget, normalPath } from "../message/normal-path.ts";
import { hasDotSegments } from "../message/target.ts";

const fieldName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { error: 'expected the name of a header field, such as "x-request-id"' });
// oxlint-disable-next-line no-control-regex -- a line break would begin another field
const forbidden = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const fieldValue = z.string().refine((value) => !forbidden.test(value), { error: "expected the value of a header field, on one line" });
const methodName = z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { error: 'expected a method such as "GET"' });
const localPath = z.string().regex(/^\/[^\s?#]*$/, { error: 'expected a path such as "/api"' });
/** No process can serve more: HTTP/2 sends some of these as 32 bits, and a mistake must be refused before a client meets it. */
const MOST = 1_048_576;
const count = z.int().min(0).max(MOST);
const positive = count.min(1);
/** What is collected in memory, and what HTTP/2 announces in 32 bits. */
const held = size().refine((bytes) => bytes <= 2 ** 30, { error: "expected at most 1GiB" });

const changes = z.strictObject({
  /** Fields to set, which replace those that were sent. */
  set: z.record(fieldName, fieldValue).default({}),
  /** Fields to remove. */
  remove: z.array(fieldName).default([]),
});

const cookies = z.strictObject({
  /** `"rewrite"`: a domain of the upstream becomes the host that the client asked for. Any other text replaces every domain; `""` removes it. */
  domain: z
    .string()
    .regex(/^$|^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i, { error: 'expected "keep", "rewrite" or a domain such as "example.com"' })
    .default("keep"),
  /** `"rewrite"`: the route's change of the path is undone. `"/path"` replaces every path. */
  path: z
    .string()
    .regex(/^(keep|rewrite|\/[^\s;]*)$/, { error: 'expected "keep", "rewrite" or a path such as "/api"' })
    .default("keep"),
});

const route = z.strictObject({
  /** `api.localhost`, or `*.localhost` for everything below it. @default any */
  host: z
    .string()
    .refine((text) => routeHost(text) !== undefined, {
      error: 'expected a host name such as "api.localhost" or "*.localhost", or an address such as "[::1]", without a port',
    })
    .transform((text) => routeHost(text) ?? text)
    .optional(),
  /** The beginning of the path, in whole segments. @default any */
  path: localPath
    .refine((path) => !path.includes("*"), { error: 'expected a path without "*": "/api" also matches all paths below it' })
    .refine((path) => !hasDotSegments(path), { error: "expected a path without dot segments: requests with such paths are refused" })
    .transform(asciiTarget)
    .prefault("/"),
  /** @default any */
  method: z.union([methodName, z.array(methodName).min(1)]).optional(),
  /** @default the listener's own */
  upstream: upstream().optional(),
  /** Replaces `path` in the request to the upstream. */
  rewrite: localPath.transform(asciiTarget).optional(),
  /** Changes to the request's header. */
  headers: changes.prefault({}),
  /** Changes to the response's header. */
  responseHeaders: changes.prefault({}),
  /** `"rewrite"`: redirections are changed to addresses that work for the client. */
  location: z.enum(["keep", "rewrite"]).default("keep"),
  /** What happens to the cookies that the upstream sets. */
  cookies: cookies.prefault({}),
});

const limits = z.strictObject({
  /** Bytes of a request's header, including its first line. */
  header: held.prefault("16KiB"),
  /** Fields in a request's header. */
  fields: positive.default(100),
  /** Bytes of a request's body. @default any */
  body: size().optional(),
  /** Connections to one endpoint, without those that carry a lasting response or a WebSocket. */
  connections: positive.default(256),
  /** How many of these connections the requests of one client may use at once. @default half of `connections` */
  connectionsPerClient: positive.optional(),
  /**
   * Connections to one endpoint that carry a lasting response: events, or any response that takes more than a second. Further ones count as
   * `connections`.
   */
  lasting: count.default(1024),
  /** Unused connections to one endpoint that are kept. */
  idleConnections: count.default(64),
  /** Requests that wait for a connection to one endpoint. */
  waiting: count.default(1024),
  /** Bytes of a response's header, including its first line. */
  responseHeader: held.prefault("64KiB"),
  /** Simultaneous requests on one HTTP/2 connection. */
  streams: positive.default(100),
  /** Bytes of a request's body that are kept for another attempt. */
  replay: held.prefault("64KiB"),
});

const timeouts = z.strictObject({
  /** The longest time for a request's header. */
  headers: duration({ zero: false }).prefault("10s"),
  /** How long a client may send nothing in the middle of a request's body; 0: no limit. */
  request: duration().prefault("5m"),
  /** How long a client's connection is kept without a request. */
  keepAlive: duration({ zero: false }).prefault("60s"),
  /**
   * How long a client that has finished sending (FIN) is kept while nothing of its response is sent (HTTP/2: for the rest of its responses).
   * 0: not at all, since most such clients have left.
   */
  halfClosed: duration().prefault("0s"),
  /** How long a client may read nothing while data of its response waits; 0: no limit. */
  send: duration().prefault("60s"),
  /**
   * How long the upstream may take for the header of its response after the request is sent (including the wait for a connection), and for reading a
   * part of the request; 0: no limit.
   */
  response: duration().prefault("60s"),
  /** How long an unused connection to an upstream is kept; 0: none is kept. */
  idleConnection: duration().prefault("4s"),
  /** The age after which a connection to an upstream gets no further request; 0: no limit. */
  connectionAge: duration().prefault("5m"),
});

export const httpSchema = z.object({
  /** The routes of requests, of which the most specific one counts. */
  routes: z
    .array(route)
    .min(1)
    .check((context) => {
      const seen = new Map<string, number>();
      for (const [at, { host, path, method }] of context.value.entries()) {
        const key = JSON.stringify([
          host,
          normalPath(path).replace(/\/$/, ""),
          [method ?? []]
            .flat()
            .map((each) => each.toUpperCase())
            .toSorted(),
        ]);
        const first = seen.get(key);
        if (first === undefined) seen.set(key, at);
        else
          context.issues.push({
            code: "custom",
            input: context.value,
            path: [at],
            message: `matches the same requests as routes[${first}]`,
          });
      }
    })
    .prefault([{}]),
  /** Addresses and networks of proxies whose X-Forwarded-* and Forwarded fields are trusted. */
  trustedProxies: networks({ mayBeEmpty: true }).prefault([]),
  limits: limits.prefault({}),
  timeouts: timeouts.prefault({}),
});

export type HttpOptions = z.output<typeof httpSchema>;
export type RouteOptions = HttpOptions["routes"][number];
