import { duration, size, upstream } from "sluice";
import { z } from "zod";
import { asciiTarget, normalPath } from "../message/normal-path.ts";

const fieldName = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { error: 'expected the name of a header field, such as "x-request-id"' });
// oxlint-disable-next-line no-control-regex -- a line break here would begin another field
const forbidden = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const fieldValue = z.string().refine((value) => !forbidden.test(value), { error: "expected the value of a header field, on one line" });
const localPath = z.string().regex(/^\/[^\s?#]*$/, { error: 'expected a path such as "/api"' });
const positive = z.int().min(1);

const changes = z.strictObject({
  /** Fields to set, whatever was sent. */
  set: z.record(fieldName, fieldValue).default({}),
  /** Fields to leave out. */
  remove: z.array(fieldName).default([]),
});

const cookies = z.strictObject({
  /** `"rewrite"`: the upstream's becomes the client's; else what it becomes: `""` none. */
  domain: z
    .string()
    .regex(/^$|^\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/i, { error: 'expected "keep", "rewrite" or a domain such as "example.com"' })
    .default("keep"),
  /** `"rewrite"`: the upstream's becomes the client's; else what it becomes. */
  path: z
    .string()
    .regex(/^(keep|rewrite|\/[^\s;]*)$/, { error: 'expected "keep", "rewrite" or a path such as "/api"' })
    .default("keep"),
});

const route = z.strictObject({
  /** `api.localhost`, or `*.localhost` for everything below it. @default any */
  host: z
    .string()
    .regex(/^(\*\.)?[a-z0-9_]([a-z0-9_.:-]*[a-z0-9_])?$|^\[[0-9a-f:.]+\]$/i, {
      error: 'expected a host name such as "api.localhost" or "*.localhost"',
    })
    .optional(),
  /** The path's beginning, in whole segments. @default any */
  path: localPath.transform(asciiTarget).prefault("/"),
  /** @default any */
  method: z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]).optional(),
  /** @default the listener's own */
  upstream: upstream().optional(),
  /** Takes the place of `path` in what the upstream is asked for. */
  rewrite: localPath.transform(asciiTarget).optional(),
  /** Changes to the request's header. */
  headers: changes.prefault({}),
  /** Changes to the response's header. */
  responseHeaders: changes.prefault({}),
  /** `"rewrite"`: a redirection leads where the client has to ask for it. */
  location: z.enum(["keep", "rewrite"]).default("keep"),
  /** The same for cookies. */
  cookies: cookies.prefault({}),
});

const limits = z.strictObject({
  /** Bytes of a request's header, its first line included. */
  header: size().prefault("16KiB"),
  /** Fields in a request's header. */
  fields: positive.default(100),
  /** Bytes of a request's body. @default any */
  body: size().optional(),
  /** Connections to one endpoint, but for those that carry a response that lasts, or a WebSocket. */
  connections: positive.default(256),
  /** Of them, those that one client's requests may use at once. @default half of `connections` */
  connectionsPerClient: positive.optional(),
  /** Connections to one endpoint that carry a response that lasts: events, or what comes for more than a second. Further ones count as `connections`. */
  lasting: z.int().min(0).default(1024),
  /** Of them, those that are kept while nothing uses them. */
  idleConnections: z.int().min(0).default(64),
  /** Requests that wait for a connection to one endpoint. */
  waiting: z.int().min(0).default(1024),
  /** Bytes of a response's header, its first line included. */
  responseHeader: size().prefault("64KiB"),
  /** Requests at once on one HTTP/2 connection. */
  streams: positive.default(100),
  /** Bytes of a request's body that are kept for another attempt. */
  replay: size().prefault("64KiB"),
});

const timeouts = z.strictObject({
  /** For a request's header. */
  headers: duration({ zero: false }).prefault("10s"),
  /** How long a client may send nothing in the middle of a request's body; 0: no limit. */
  request: duration().prefault("5m"),
  /** How long a client's connection is kept without a request. */
  keepAlive: duration({ zero: false }).prefault("60s"),
  /**
   * How long a client that has finished sending (FIN) is kept while nothing of its response is sent (HTTP/2: for the rest of its responses).
   * 0: not at all, since most that do so have left.
   */
  halfClosed: duration().prefault("0s"),
  /** How long a client may take nothing of a response that waits for it; 0: no limit. */
  send: duration().prefault("60s"),
  /** For the header of the upstream's response once the request is sent, the wait for a connection included, and for taking a part of the request; 0: no limit. */
  response: duration().prefault("60s"),
  /** How long a connection to an upstream is kept without a request; 0: none is kept. */
  idleConnection: duration().prefault("4s"),
  /** How old a connection to an upstream may be that takes another request; 0: no limit. */
  connectionAge: duration().prefault("5m"),
});

export const httpSchema = z.object({
  /** Where requests go: the most specific route counts. */
  routes: z
    .array(route)
    .min(1)
    .check((context) => {
      const seen = new Map<string, number>();
      for (const [at, { host, path, method }] of context.value.entries()) {
        const key = JSON.stringify([host?.toLowerCase(), normalPath(path).replace(/\/$/, ""), [method ?? []].flat().toSorted()]);
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
  /** Addresses and networks of proxies whose X-Forwarded-* and Forwarded are believed. */
  trustedProxies: z
    .array(z.string().regex(/^[0-9a-f:.]+(\/\d{1,3})?$/i, { error: 'expected an address or a network such as "10.0.0.0/8"' }))
    .default([]),
  limits: limits.prefault({}),
  timeouts: timeouts.prefault({}),
});

export type HttpOptions = z.output<typeof httpSchema>;
export type RouteOptions = HttpOptions["routes"][number];
