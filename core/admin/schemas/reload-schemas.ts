import { z } from "zod";
import { anything, count, generation, milliseconds, time } from "./scalars.ts";

export const override = z.strictObject({
  listener: z.string(),
  plugin: z.string(),
  enabled: z.boolean().optional(),
  options: anything.optional().describe("A JSON merge patch of the options that the config gives."),
});

export const trial = z.strictObject({
  generation,
  since: time,
  until: time,
  listeners: z.array(
    z.strictObject({
      listener: z.string(),
      share: z.number(),
      sessions: count.describe("Open sessions that try it."),
      faults: count,
      allowed: count.describe("The number of faults that takes it back."),
    }),
  ),
});

export const step = z.strictObject({
  listener: z.string(),
  action: z.enum(["keep", "swap", "drain", "close", "bind"]),
  detail: z.string(),
  sessions: count,
});

export const plan = z.strictObject({ steps: z.array(step), trial: trial.optional() });

export const behind = z
  .strictObject({ sessions: count, generations: z.array(generation), reason: z.string() })
  .describe("Open sessions that could not follow.");

export const reload = plan.extend({ generation, durationMs: milliseconds, behind: behind.optional() });

export const pastGeneration = z.strictObject({
  generation,
  at: time,
  origin: z.enum(["config", "override", "restore"]),
  durationMs: milliseconds,
  steps: z.array(step),
  overrides: z.array(override),
  takenBack: z.string().optional().describe("Why it was taken back."),
  current: z.boolean(),
  sessions: count.describe("Open sessions that run its byte hooks."),
  trial: trial.optional(),
});

export const reloadPolicy = z.strictObject({
  sessions: z.enum(["swap", "keep", "drain", "close"]),
  deadlineMs: milliseconds,
  trial: z.strictObject({ share: z.number(), forMs: milliseconds, faults: count }).optional(),
});
