import { z } from "zod";
import { bytes, count, direction, generation, milliseconds, time } from "./scalars.ts";

const traffic = z.strictObject({ bytes, chunks: count });

export const session = z.strictObject({
  id: z.int(),
  listener: z.string(),
  transport: z.string(),
  client: z.string(),
  upstream: z.string().optional(),
  state: z.enum(["open", "ended"]),
  reason: z.string().optional().describe("`closed`, or the code of the error that ended it; absent: it is open."),
  generation,
  startedAt: time,
  durationMs: milliseconds,
  fromClient: traffic,
  fromUpstream: traffic,
  bytes,
  plugins: z.array(z.string()),
});

export const chunk = z.strictObject({
  session: z.int(),
  listener: z.string(),
  direction,
  chunk: count.describe("Counts up within session and direction; the same at each place."),
  plugin: z.string().optional().describe("The plugin use that passed it on; absent: it came from the source."),
  at: time,
  bytes: bytes.optional().describe("Absent: the plugin dropped it."),
  took: milliseconds.optional(),
  same: z.boolean().describe("The bytes are those of the place before, so `data` is absent."),
  data: z.string().optional().describe("The first 16 KiB, in base64."),
  messages: z.array(z.string()).optional(),
});

export const sessionDetail = session.extend({
  phase: z.enum(["hello", "admit", "connect", "flow"]).optional().describe("The phase in which it ended."),
  attempts: z.array(
    z.strictObject({ endpoint: z.string(), durationMs: milliseconds, code: z.string().optional().describe("Absent: it did not fail.") }),
  ),
  tls: z
    .strictObject({
      serverName: z.string().optional(),
      alpn: z.array(z.string()),
      version: z.string().optional(),
      protocol: z.string().optional(),
      cipher: z.string().optional(),
    })
    .optional(),
  waiting: z.strictObject({ fromClient: bytes, fromUpstream: bytes }).optional(),
  held: z.array(direction),
  message: z.string().optional().describe("Why it ended, in words."),
  timeline: z.array(z.looseObject({ at: time, what: z.string() })),
  chunks: z.array(chunk).optional().describe("With `watch`: what passed meanwhile."),
});
