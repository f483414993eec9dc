import { z } from "zod";
import { config } from "./config-schema.ts";
import { event, eventData } from "./event-schemas.ts";
import { endpoint, listener, plugin, pluginTraffic, status } from "./listener-schemas.ts";
import { override, pastGeneration, plan, reload, reloadPolicy, step, trial } from "./reload-schemas.ts";
import { capture, recording } from "./save-schemas.ts";
import { bytes, direction, time } from "./scalars.ts";
import { chunk, session, sessionDetail } from "./session-schemas.ts";

const id = z.int();

/** The schemas of all answers, of events, and of their parts that have a name, by the names that `openapi.json` gives them. */
export const schemas = {
  Status: status,
  Listeners: z.strictObject({ listeners: z.array(listener) }),
  Listener: listener,
  Plugin: plugin,
  PluginTraffic: pluginTraffic,
  ReloadPolicy: reloadPolicy,
  Upstreams: z.strictObject({ upstreams: z.array(endpoint) }),
  Endpoint: endpoint,
  Config: config,
  ToggledPlugin: plugin.extend({ reload }),
  WrittenPlugin: plugin.extend({ reload, file: z.string().optional() }),
  Overrides: z.strictObject({ overrides: z.array(override) }),
  Override: override,
  Plan: plan,
  Step: step,
  Reload: reload,
  Trial: trial,
  Generations: z.strictObject({ generations: z.array(pastGeneration) }),
  Generation: pastGeneration,
  Sessions: z.strictObject({
    sessions: z.array(session),
    next: id.optional().describe("The `after` of the next page; absent: this is the last."),
  }),
  Session: session,
  SessionDetail: sessionDetail,
  Chunk: chunk,
  EndedSession: z.strictObject({ id, ended: z.boolean() }),
  Hold: z.strictObject({ id, direction, until: time }),
  Release: z.strictObject({ id, direction, released: z.boolean().describe("Whether it was held.") }),
  Injection: z.strictObject({ id, direction, bytes }),
  Capture: capture,
  Captures: z.strictObject({ folder: z.string(), captures: z.array(capture) }),
  Recording: recording,
  Recordings: z.strictObject({ folder: z.string(), recordings: z.array(recording) }),
  Rates: eventData.rates,
  Event: event,
  OpenApi: z.record(z.string(), z.unknown()),
  Error: z.strictObject({
    error: z.strictObject({ code: z.string(), message: z.string(), where: z.string().optional(), frame: z.string().optional() }),
  }),
};

/** The answers by name. */
export type Schemas = { readonly [Name in keyof typeof schemas]: Shown<z.output<(typeof schemas)[Name]>> };

/** The data of events, by their names. */
export type EventData = { readonly [Name in keyof typeof eventData]: Shown<z.output<(typeof eventData)[Name]>> };

/** A value that is only read. */
type Shown<T> = T extends object ? { readonly [Key in keyof T]: Shown<T[Key]> } : T;

/** JSON Schema of all of them. What is added to an answer later refuses no client, so nothing says that there is nothing else. */
export function jsonSchemas(address: (name: string) => string): Readonly<Record<string, object>> {
  const registry = z.registry<{ id: string }>();
  for (const [name, schema] of Object.entries(schemas)) registry.add(schema, { id: name });
  const made = z.toJSONSchema(registry, {
    uri: address,
    unrepresentable: "any",
    override({ jsonSchema }) {
      delete jsonSchema.$id;
      delete jsonSchema.$schema;
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  return made.schemas;
}
