import { z } from "zod";
import { bytes, count, generation, milliseconds, time } from "./scalars.ts";
import { pluginTraffic } from "./listener-schemas.ts";
import { behind, trial } from "./reload-schemas.ts";
import { chunk, session } from "./session-schemas.ts";

const perSecond = count.describe("Since the event before.");

const flowRates = z.strictObject({ bytes, chunks: count, bytesPerSecond: perSecond, chunksPerSecond: perSecond });
const passing = pluginTraffic.extend({ chunksPerSecond: perSecond, bytesInPerSecond: perSecond, bytesOutPerSecond: perSecond });

const rates = z.strictObject({
  at: time,
  generation,
  listeners: z.array(
    z.strictObject({
      listener: z.string(),
      sessions: count.describe("Open sessions."),
      sessionsPerSecond: perSecond,
      errorsPerSecond: perSecond.describe("Sessions that were refused, or that ended with another reason than `closed`."),
      waitingBytes: bytes.describe("Bytes that wait in open sessions."),
      fromClient: flowRates,
      fromUpstream: flowRates,
      plugins: z.array(
        z.strictObject({
          plugin: z.string(),
          errors: count.describe("Exceptions in its hooks so far."),
          fromClient: passing.optional(),
          fromUpstream: passing.optional(),
        }),
      ),
    }),
  ),
});

const why = z.enum(["failures", "check"]);

/** What each event carries as JSON, by its name. */
export const eventData = {
  "session-started": session,
  "session-ended": session.extend({ message: z.string().optional().describe("Why it ended, in words.") }),
  rates,
  reloaded: z.strictObject({
    at: time,
    generation,
    durationMs: milliseconds,
    origin: z.enum(["config", "override", "restore"]),
    overrides: count.optional(),
    behind: behind.optional(),
  }),
  refused: z.strictObject({ at: time, error: z.strictObject({ code: z.string(), message: z.string(), where: z.string().optional() }) }),
  trial: z.strictObject({ at: time, generation, trial }),
  "taken-back": z.strictObject({ at: time, generation, reason: z.string(), behind: behind.optional() }),
  "endpoint-down": z.strictObject({
    at: time,
    listener: z.string(),
    endpoint: z.string().describe("As written in the config."),
    why,
    detail: z.string().optional(),
    failures: count.describe("Failed sessions in a row."),
    code: z.string().describe("The code of the last failure."),
    since: time,
    until: time.optional().describe("Absent: until its check passes."),
  }),
  "endpoint-up": z.strictObject({ at: time, listener: z.string(), endpoint: z.string(), why, since: time }),
  log: z.looseObject({ level: z.int().describe("As pino counts: 30 is info."), time: z.string(), msg: z.string().optional() }),
  chunk,
  dropped: z.strictObject({ dropped: count.describe("Events that this reader has lost.") }),
} as const;

const id = z.int().describe("Counts up, over processes too: an earlier process had lower ones.");

/** An event as `GET events` sends it: `data` is the value of its JSON. */
export const event = z.union(Object.entries(eventData).map(([name, data]) => z.strictObject({ id, event: z.literal(name), data })));
