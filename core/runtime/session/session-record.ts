import type { RelayRecord, Session, SessionAttempt, SessionPhase, SessionRecord, SluiceError, Traffic } from "../../contract/index.ts";

/** The parts of a record that are not properties of its session. */
export interface SessionEnd {
  readonly startedAt: number;
  /** Undefined when both sides had finished. */
  readonly error: SluiceError | undefined;
  readonly phase: SessionPhase;
  readonly attempts: { readonly made: readonly SessionAttempt[] | undefined; readonly panic: boolean } | undefined;
  readonly relay: RelayRecord | undefined;
}

/** The record of a session at the moment of its end. */
export function recordOf(session: Session, { startedAt, error, phase, attempts, relay }: SessionEnd): SessionRecord {
  const { made, panic = false } = attempts ?? {};
  const { listener, id, transport, upstream, generation, fromClient, fromUpstream } = session;
  return {
    listener,
    session: id,
    transport,
    client: String(session.client),
    upstream,
    generation,
    reason: error?.code ?? "closed",
    ...(error === undefined ? {} : { message: error.detail }),
    phase,
    durationMs: Date.now() - startedAt,
    fromClient: countsOf(fromClient),
    fromUpstream: countsOf(fromUpstream),
    ...(made === undefined ? {} : { attempts: made }),
    ...(panic ? { panic } : {}),
    ...(relay === undefined ? {} : { relay }),
  };
}

/** Copies the counts, as the object is a flow, which a record must not keep alive. */
function countsOf({ bytes, chunks }: Traffic): Traffic {
  return { bytes, chunks };
}
