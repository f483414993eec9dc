import { availableParallelism } from "node:os";
import { z } from "zod";
import { isIPv4, isIPv6, parseEndpoint } from "../../contract/addresses/endpoint.ts";
import {
  duration,
  listenForm,
  logLevels,
  parseListen,
  size,
  type ListenAddress,
  type ListenScheme,
  type Provider,
} from "../../contract/index.ts";
import { plainMessage } from "../../contract/upstream/endpoint-schema.ts";
import { listener, plugins, reload, sessionCount } from "./listener-schema.ts";

const timeout = (fallback: string) => duration({ zero: false }).prefault(fallback);

/** The address that a listener binds, as its transport parses it. */
function listenOf(schemes: readonly ListenScheme[]) {
  return z.string({ error: `expected a text such as ${listenForm(schemes)}` }).transform((text, context): ListenAddress => {
    try {
      return parseListen(text, schemes);
    } catch (error) {
      context.addIssue({ code: "custom", message: plainMessage(error) });
      return z.NEVER;
    }
  });
}

const ip = z.string().refine((text) => isIPv4(text) || isIPv6(text), { error: "expected an IP address" });

function isServer(text: string): boolean {
  if (isIPv4(text) || isIPv6(text)) return true;
  try {
    const { host } = parseEndpoint(text);
    return isIPv4(host) || isIPv6(host);
  } catch {
    return false;
  }
}

const server = z.string().refine(isServer, { error: 'expected an IP address, "address:port" or "[v6]:port"' });

const dns = z.strictObject({
  servers: z.array(server).default([]),
  hosts: z.record(z.string(), z.array(ip).min(1)).default({}),
});

const mostBuffered = 1024 ** 3;

const limits = z.strictObject({
  sessions: sessionCount.optional(),
  sessionsPerClient: sessionCount.optional(),
  udpSessions: sessionCount.optional(),
  bufferPerFlow: size()
    .transform((bytes) => Math.ceil(bytes))
    .refine((bytes) => bytes >= 1, { error: "expected at least 1 byte" })
    .refine((bytes) => bytes <= mostBuffered, { error: "expected at most 1GiB: each direction of each session may hold as much" })
    .prefault("4MiB"),
  swapTimeout: timeout("5s"),
});

const timeouts = z.strictObject({
  connect: timeout("5s"),
  handshake: timeout("10s"),
  idle: timeout("10m"),
  halfClosed: duration().optional(),
  udpIdle: timeout("60s"),
  drain: duration().prefault("30s"),
  setup: timeout("30s"),
});

const shutdown = z.strictObject({ delay: duration().prefault("0s"), quiet: timeout("1s") });

const log = z.strictObject({
  level: z.enum(logLevels).default("info"),
  format: z.enum(["auto", "line", "json"]).default("auto"),
  file: z.string().min(1, { error: "expected the path of a file" }).optional(),
});

const ways = ["useValue", "useClass", "useFactory"] as const;

function isProvider(value: unknown): value is Provider {
  if (typeof value !== "object" || value === null || !("token" in value)) return false;
  const token = typeof value.token === "symbol" || typeof value.token === "string";
  const given = ways.filter((way) => way in value);
  const made = given[0] === "useValue" || typeof Reflect.get(value, given[0] ?? "") === "function";
  return token && given.length === 1 && made && Object.keys(value).length === 2;
}

const provider = z.custom<Provider>(isProvider, {
  error: "expected { token, useValue }, { token, useClass } or { token, useFactory } with a token of sluice or a text",
});

/** A listener's name ends up in log lines, metric labels and the line that `start` prints. */
export const namePattern = /^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,63}$/u;
export const nameRule = 'expected a name of letters, digits, "_", "-" and ".", at most 64 characters';

const hostName = z.string().regex(/^(\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:\d{1,5})?$/i, {
  error: 'expected the name of a host as it stands in a Host header, such as "proxy.test"',
});

const adminOf = (schemes: readonly ListenScheme[]) =>
  z.strictObject(
    {
      listen: z
        .string()
        .regex(/^(tcp|unix):/i, { error: 'expected "tcp://host:port" or "unix:///path"' })
        .pipe(listenOf(schemes))
        .optional(),
      token: z
        .string()
        .regex(/^[\x21-\x7e]{8,}$/, { error: "expected at least 8 visible ASCII characters" })
        .optional(),
      hosts: z.array(hostName).default([]),
      metrics: z.enum(["token", "open"]).default("token"),
      folder: z.string().min(1, { error: "expected the path of a folder" }).default(".sluice/captures"),
    },
    { error: 'expected an object such as { listen: "tcp://127.0.0.1:9900" }' },
  );

const listenersOf = (schemes: readonly ListenScheme[]) =>
  z
    .record(z.string(), z.strictObject({ listen: listenOf(schemes), ...listener.shape }).optional(), {
      error: "expected an object with the listeners by their names, such as { web: { listen, upstream } }",
    })
    .refine((value) => Object.values(value).some((each) => each !== undefined), { error: "expected at least one listener, got none" });

/** More processes than any machine has processors. */
const mostWorkers = 256;

const shape = z.strictObject({
  plugins,
  /** Replaced by `shapeWith`; see `listenersOf`. */
  listeners: z.unknown(),
  reload: reload.prefault({}),
  dns: dns.prefault({}),
  limits: limits.prefault({}),
  timeouts: timeouts.prefault({}),
  shutdown: shutdown.prefault({}),
  providers: z.array(provider).default([]),
  log: log.prefault({}),
  /** Replaced by `shapeWith`; see `adminOf`. */
  admin: z.unknown(),
  workers: z
    .union([z.literal("auto"), z.int().min(1).max(mostWorkers)], {
      error: `expected a whole number from 1 to ${mostWorkers}, or "auto"`,
    })
    .transform((count) => (count === "auto" ? Math.min(availableParallelism(), mostWorkers) : count))
    .default(1),
});

const shapeWith = (schemes: readonly ListenScheme[]) =>
  shape.extend({ listeners: listenersOf(schemes), admin: z.union([z.boolean(), adminOf(schemes)]).default(false) });

type ConfigSchema = ReturnType<typeof shapeWith>;

/** One schema for each table of transports: making a schema costs as much as checking a config with it. */
const made = new WeakMap<readonly ListenScheme[], ConfigSchema>();

/** The shape of a {@link SluiceConfig}. Rules about several options at once are checked by `resolveConfig`. */
export function configSchema(schemes: readonly ListenScheme[]): ConfigSchema {
  const schema = made.get(schemes) ?? shapeWith(schemes);
  made.set(schemes, schema);
  return schema;
}

export type CheckedConfig = z.output<ConfigSchema>;
export type CheckedListener = NonNullable<CheckedConfig["listeners"][string]>;
