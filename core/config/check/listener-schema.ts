import { z } from "zod";
import { duration, isPluginUse, size, type PluginUse, type PluginUses } from "../../contract/index.ts";
import { trialSchema } from "../../contract/events/trial.ts";
import { keepAlive } from "../../contract/upstream/keep-alive-schema.ts";
import { queue } from "../../contract/upstream/queue-schema.ts";
import { upstreamSchema } from "../../contract/upstream/upstream-target.ts";
import { notAUse } from "./not-a-use.ts";

/** The deepest nesting of arrays: more is a mistake, or an array that contains itself. */
const DEEPEST = 8;

// No transform: zod would wait for a transform that returns a promise, and the value here may be a promise by mistake.
const pluginUse = z.unknown().superRefine((value, context) => {
  for (const { path, message } of strangers(value, [])) context.addIssue({ code: "custom", message, path });
}) as z.ZodType<PluginUse | PluginUses>;

interface Stranger {
  readonly path: number[];
  readonly message: string;
}

/** Everything in an entry of `plugins`, or in the arrays inside it, that is not a plugin use. */
function strangers(value: unknown, path: number[]): Stranger[] {
  if (isPluginUse(value)) return [];
  if (!Array.isArray(value)) return [{ path, message: notAUse(value) }];
  if (path.length >= DEEPEST) return [{ path, message: `expected a plugin use, got arrays more than ${DEEPEST} deep` }];
  return value.flatMap((each, index) => strangers(each, [...path, index]));
}

/** The plugins of a listener, or those that all listeners share. */
export const plugins = z.array(pluginUse).default([]);

/** Fits into an int, which the operating system takes. */
const mostBuffer = 2 ** 30;
const buffer = size()
  .transform((bytes) => Math.ceil(bytes))
  .refine((bytes) => bytes >= 1 && bytes <= mostBuffer, { error: "expected at least 1 byte and at most 1GiB" });

/** More sessions than one process can serve: tables are allocated for this many, so a mistake must not cost gigabytes. */
const mostSessions = 1_048_576;
export const sessionCount = z.int().min(1).max(mostSessions);
const wait = duration({ zero: false }).optional();

/** What a reload does with open sessions. */
export const reload = z.strictObject({
  sessions: z.enum(["swap", "keep", "drain", "close"]).optional(),
  deadline: duration().optional(),
  trial: z.union([z.boolean(), trialSchema]).optional(),
});

/** A listener, except for its address: that depends on the transports. */
export const listener = z.strictObject({
  enabled: z.boolean().default(true),
  limits: z
    .strictObject({
      sessions: sessionCount.optional(),
      queue: queue.optional(),
      datagrams: sessionCount.optional(),
      replies: sessionCount.optional(),
    })
    .refine(({ sessions, queue: line }) => line === undefined || sessions !== undefined, {
      error: "expected sessions beside queue: without that limit nobody waits",
    })
    .optional(),
  timeouts: z
    .strictObject({
      connect: wait,
      handshake: wait,
      idle: wait,
      halfClosed: duration().optional(),
      udpIdle: wait,
      drain: duration().optional(),
    })
    .optional(),
  upstream: upstreamSchema.optional(),
  plugins,
  reload: reload.prefault({}),
  socket: z
    .strictObject({
      keepAlive: keepAlive.optional(),
      receiveBuffer: buffer.optional(),
      sendBuffer: buffer.optional(),
      mode: z
        .string()
        .regex(/^0?[0-7]{3}$/, { error: 'expected permissions in octal, such as "0660"' })
        .transform((text) => Number.parseInt(text, 8))
        .optional(),
      group: z.union([z.string().min(1), z.int().nonnegative()]).optional(),
    })
    .optional(),
});
