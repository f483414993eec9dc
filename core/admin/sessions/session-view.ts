import {
  type Direction,
  directions,
  type EndReason,
  type SessionAttempt,
  type SessionPhase,
  type SessionRecord,
  type SessionTls,
  type TimelineEntry,
  type Traffic,
} from "../../contract/index.ts";
import type { LiveSession } from "../../runtime/session/live-session.ts";

/** A session in a list. */
export interface SessionView {
  readonly id: number;
  readonly listener: string;
  readonly transport: string;
  readonly client: string;
  readonly upstream: string | undefined;
  readonly state: "open" | "ended";
  /** Undefined: the session is open. */
  readonly reason: EndReason | undefined;
  readonly generation: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly durationMs: number;
  readonly fromClient: Traffic;
  readonly fromUpstream: Traffic;
  /** Bytes of both directions. */
  readonly bytes: number;
  /** The names of the plugin uses that it runs, or ran last. */
  readonly plugins: readonly string[];
}

/** One session with everything that is known about it. */
export interface SessionDetail extends SessionView {
  readonly phase: SessionPhase | undefined;
  readonly attempts: readonly SessionAttempt[];
  readonly tls: Pick<SessionTls, "serverName" | "alpn" | "version" | "protocol" | "cipher"> | undefined;
  /** Bytes that wait in it, by direction. */
  readonly waiting: { readonly fromClient: number; readonly fromUpstream: number } | undefined;
  readonly held: readonly Direction[];
  /** Why it ended, in words. */
  readonly message: string | undefined;
  readonly timeline: readonly TimelineEntry[];
}

/** What is kept of an ended session. */
export interface EndedSession {
  readonly view: SessionView;
  readonly record: SessionRecord;
  readonly message: string | undefined;
  readonly tls: SessionDetail["tls"];
  readonly timeline: readonly TimelineEntry[];
}

export function openView(session: LiveSession): SessionView {
  const { id, listener, transport, upstream, generation, startedAt } = session;
  const [fromClient, fromUpstream] = [countsOf(session.fromClient), countsOf(session.fromUpstream)];
  return {
    id,
    listener,
    transport,
    client: String(session.client),
    upstream,
    state: "open",
    reason: undefined,
    generation,
    startedAt,
    durationMs: Date.now() - startedAt,
    fromClient,
    fromUpstream,
    bytes: fromClient.bytes + fromUpstream.bytes,
    plugins: pluginsOf(session),
  };
}

/** @param startedAt when it began, if that is known exactly */
export function endedView(record: SessionRecord, plugins: readonly string[], startedAt = Date.now() - record.durationMs): SessionView {
  const { session: id, listener, transport, client, upstream, generation, reason, durationMs, fromClient, fromUpstream } = record;
  const bytes = fromClient.bytes + fromUpstream.bytes;
  return {
    id,
    listener,
    transport,
    client,
    upstream,
    state: "ended",
    reason,
    generation,
    startedAt,
    durationMs,
    fromClient,
    fromUpstream,
    bytes,
    plugins,
  };
}

export function openDetail(session: LiveSession): SessionDetail {
  const [toUpstream, toClient] = [session.flow("fromClient"), session.flow("fromUpstream")];
  const held = directions.filter((direction) => session.flow(direction)?.control.held === true);
  return {
    ...openView(session),
    phase: undefined,
    attempts: session.attemptsMade ?? [],
    tls: tlsOf(session.tls),
    waiting:
      toUpstream === undefined || toClient === undefined ? undefined : { fromClient: toUpstream.waiting, fromUpstream: toClient.waiting },
    held,
    message: undefined,
    timeline: session.timeline?.entries ?? [{ at: session.startedAt, what: "accepted" }],
  };
}

export function endedDetail({ view, record, message, tls, timeline }: EndedSession): SessionDetail {
  return { ...view, phase: record.phase, attempts: record.attempts ?? [], tls, waiting: undefined, held: [], message, timeline };
}

/** The names of plugin uses by pipeline: all sessions of a pipeline have the same. */
const names = new WeakMap<object, readonly string[]>();

export function pluginsOf({ pipeline: { pipeline } }: LiveSession): readonly string[] {
  const known = names.get(pipeline);
  if (known !== undefined) return known;
  const made = pipeline.plugins.map(({ use }) => use.name);
  names.set(pipeline, made);
  return made;
}

export function tlsOf(tls: SessionTls | undefined): SessionDetail["tls"] {
  if (tls === undefined) return undefined;
  const { serverName, alpn, version, protocol, cipher } = tls;
  return {
    serverName,
    alpn,
    ...(version === undefined ? {} : { version }),
    ...(protocol === undefined ? {} : { protocol }),
    ...(cipher === undefined ? {} : { cipher }),
  };
}

function countsOf({ bytes, chunks }: Traffic): Traffic {
  return { bytes, chunks };
}
