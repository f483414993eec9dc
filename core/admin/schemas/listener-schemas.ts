import { z } from "zod";
import { hookNames } from "../../contract/index.ts";
import { bytes, count, generation, time } from "./scalars.ts";
import { override, reloadPolicy, trial } from "./reload-schemas.ts";

const seconds = z.number().describe("Seconds, of one chunk in 64.");

export const pluginTraffic = z.strictObject({
  chunksIn: count,
  bytesIn: bytes,
  chunksOut: count,
  bytesOut: bytes,
  drops: count,
  p50: seconds.optional(),
  p99: seconds.optional(),
});

export const plugin = z.strictObject({
  name: z.string(),
  id: z.string(),
  enabled: z.boolean(),
  overridden: z.boolean(),
  onError: z.enum(["close", "bypass"]),
  options: z.unknown().describe("The options as the plugin gets them, without secrets."),
  path: z.string().describe("Its place in the config."),
  generation: generation.optional().describe("The generation that made the instance; absent: it is disabled."),
  inherited: z.boolean(),
  hooks: z.array(z.enum(hookNames)),
  errors: count,
  fromClient: pluginTraffic.optional(),
  fromUpstream: pluginTraffic.optional(),
});

const listenerStatus = z.strictObject({
  name: z.string(),
  url: z.string(),
  transport: z.string(),
  sessions: count.describe("Open sessions."),
  behind: count.describe("Open sessions that could not follow a reload."),
  plugins: z.array(z.string()),
});

export const listener = listenerStatus.extend({
  plugins: z.array(plugin),
  upstream: z
    .looseObject({ endpoints: z.array(z.string()), balance: z.unknown().optional() })
    .optional()
    .describe("Absent: there is none, and a plugin answers."),
  reload: reloadPolicy,
});

export const endpoint = z.strictObject({
  listener: z.string(),
  endpoint: z.string().describe("As written in the config."),
  state: z.enum(["up", "down"]),
  sessions: count.describe("Open legs, and HTTP requests under way."),
  failures: count.describe("Attempts that failed in a row."),
  until: time.optional(),
  why: z.enum(["failures", "check"]).optional(),
  since: time.optional(),
  code: z.string().optional().describe("The code of the last failure."),
  detail: z.string().optional(),
});

export const status = z.strictObject({
  generation,
  startedAt: time,
  pid: z.int(),
  listeners: z.array(listenerStatus),
  upstreams: z.array(endpoint),
  counters: z.record(z.string(), z.number()),
  overrides: z.array(override),
  trial: trial.optional(),
  memory: bytes,
  workers: z.array(z.strictObject({ pid: z.int(), generation, startedAt: time, sessions: count, memory: bytes })).optional(),
});
