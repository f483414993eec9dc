import { z } from "zod";
import { directions, SluiceError } from "../../contract/index.ts";
import { duration } from "../../contract/options/units.ts";
import { watchFor } from "../events/watch-for.ts";
import type { LiveSession } from "../../runtime/session/live-session.ts";
import { operation } from "./operation.ts";

const id = z.coerce.number().int().min(1);
const direction = z.enum(directions);
const longestHold = 600_000;
const longestWatch = 30_000;
const one = z.strictObject({ id });

/** Operations on sessions. */
export const sessionOperations = [
  operation({
    name: "list_sessions",
    summary:
      "Open sessions and the last 10,000 that ended, the newest first. `filter`: `listener:web client:10. upstream: reason: plugin: generation: state:open bytes>1MiB`. `after`: the id that the page before ended with. `before`: only those that began before this time (epoch milliseconds).",
    method: "GET",
    path: "sessions",
    input: z.strictObject({
      filter: z.string().default(""),
      limit: z.coerce.number().int().min(1).max(1000).default(100),
      after: z.coerce.number().int().min(1).optional(),
      before: z.coerce.number().min(0).optional(),
    }),
    answer: "Sessions",
    handle: ({ sessions }, { filter, limit, after, before }) => sessions.list(filter, limit, after, before),
  }),
  operation({
    name: "read_session",
    summary:
      "One session with its time line. `watch` (`2s`, at most 30 s): the chunks too that pass meanwhile, before and behind each plugin.",
    method: "GET",
    path: "sessions/{id}",
    input: z.strictObject({
      id,
      watch: duration({ zero: false, digits: true })
        .refine((value) => value <= longestWatch, { error: "expected at most 30s" })
        .optional(),
    }),
    answer: "SessionDetail",
    async handle({ sessions, feed }, { id: session, watch }) {
      if (watch === undefined || sessions.detail(session).state === "ended") return sessions.detail(session);
      const chunks = await watchFor(feed, session, watch);
      return { ...sessions.detail(session), chunks };
    },
  }),
  operation({
    name: "end_session",
    summary: "Ends a session: both sides see a close.",
    method: "DELETE",
    path: "sessions/{id}",
    input: one,
    answer: "EndedSession",
    handle({ sessions }, { id: wanted }) {
      const session = sessions.open(wanted);
      session.fail(new SluiceError("SLUICE_CLOSED", "ended through the admin API"));
      return { id: wanted, ended: true };
    },
  }),
  operation({
    name: "hold_session",
    summary:
      "Lets nothing pass in one direction of a session, for `for` (60 s) and at most 10 minutes; what comes waits, and a source that can be paused is.",
    method: "POST",
    path: "sessions/{id}/hold",
    input: z.strictObject({
      id,
      direction,
      for: duration({ zero: false })
        .refine((value) => value <= longestHold, { error: "expected at most 10m" })
        .prefault("60s"),
    }),
    answer: "Hold",
    handle({ sessions }, { id: wanted, direction: way, for: milliseconds }) {
      const session = sessions.open(wanted);
      flowOf(session, way).control.hold(milliseconds);
      session.timeline?.mark("held", { direction: way, milliseconds });
      return { id: wanted, direction: way, until: Date.now() + milliseconds };
    },
  }),
  operation({
    name: "release_session",
    summary: "Lets what was held pass.",
    method: "POST",
    path: "sessions/{id}/release",
    input: z.strictObject({ id, direction }),
    answer: "Release",
    handle({ sessions }, { id: wanted, direction: way }) {
      const session = sessions.open(wanted);
      const { control } = flowOf(session, way);
      const held = control.held;
      control.release();
      if (held) session.timeline?.mark("released", { direction: way });
      return { id: wanted, direction: way, released: held };
    },
  }),
  operation({
    name: "inject_into_session",
    summary:
      "Sends bytes as if the client or the upstream had sent them, through the plugins, past what is held: one of `text`, `hex`, `base64`.",
    method: "POST",
    path: "sessions/{id}/inject",
    input: z
      .strictObject({ id, direction, text: z.string().optional(), hex: z.string().optional(), base64: z.string().optional() })
      .refine(({ text, hex, base64 }) => [text, hex, base64].filter((each) => each !== undefined).length === 1, {
        error: "expected one of text, hex and base64",
      }),
    answer: "Injection",
    handle({ sessions }, { id: wanted, direction: way, ...given }) {
      const bytes = bytesOf(given);
      const session = sessions.open(wanted);
      if (!flowOf(session, way).inject(bytes)) throw new SluiceError("SLUICE_ADMIN_CONFLICT", `session ${wanted} takes no more ${way}`);
      session.timeline?.mark("injected", { direction: way, bytes: bytes.length });
      return { id: wanted, direction: way, bytes: bytes.length };
    },
  }),
];

function flowOf(session: LiveSession, way: z.output<typeof direction>): NonNullable<ReturnType<LiveSession["flow"]>> {
  const flow = session.flow(way);
  if (flow === undefined) throw new SluiceError("SLUICE_ADMIN_CONFLICT", `session ${session.id} has no open upstream yet`);
  return flow;
}

interface Given {
  readonly text?: string | undefined;
  readonly hex?: string | undefined;
  readonly base64?: string | undefined;
}

/** Both alphabets, with or without padding. Node decodes what it can of a text that is cut off, and says nothing. */
const wholeBase64 = /^(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?$/;

function bytesOf({ text, hex, base64 }: Given): Buffer {
  if (text !== undefined) return Buffer.from(text, "utf8");
  if (base64 !== undefined && !wholeBase64.test(base64)) throw new SluiceError("SLUICE_ADMIN_REQUEST", "base64: expected base64");
  if (base64 !== undefined) return Buffer.from(base64, "base64");
  const digits = (hex ?? "").replaceAll(/[\s:]/g, "");
  if (/^([0-9a-f]{2})*$/i.test(digits)) return Buffer.from(digits, "hex");
  throw new SluiceError("SLUICE_ADMIN_REQUEST", "hex: expected pairs of hexadecimal digits");
}
