import type { EndReason, Session, SessionPhase, SessionRecord, Traffic } from "../contract/index.ts";

/** A session's one record, at the moment of its end. */
export function recordOf(session: Session, startedAt: number, reason: EndReason, phase: SessionPhase): SessionRecord {
  const { listener, id, transport, upstream, generation, fromClient, fromUpstream } = session;
  return {
    listener,
    session: id,
    transport,
    client: String(session.client),
    upstream,
    generation,
    reason,
    phase,
    durationMs: Date.now() - startedAt,
    fromClient: countsOf(fromClient),
    fromUpstream: countsOf(fromUpstream),
  };
}

/** A flow is what is counted, and must not live on in a record. */
function countsOf({ bytes, chunks }: Traffic): Traffic {
  return { bytes, chunks };
}
