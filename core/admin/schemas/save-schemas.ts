import { z } from "zod";
import { bytes, count, time } from "./scalars.ts";

const save = z.strictObject({
  name: z.string(),
  file: z.string().describe("The whole path."),
  listener: z.string().optional(),
  session: z.int().optional(),
  state: z.enum(["running", "ended"]),
  startedAt: time.optional(),
  until: time.optional(),
  endedAt: time.optional(),
  reason: z.enum(["stopped", "time", "full", "session", "failed", "closed"]).optional(),
  message: z.string().optional().describe("What failed."),
  bytes,
  lost: count.optional(),
});

export const capture = save.extend({ packets: count.optional() });
export const recording = save.extend({ sessions: count.optional() });
