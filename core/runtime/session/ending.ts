import type { AnyErrorCode, Leg, SluiceError } from "../../contract/index.ts";

/** Ends that are no failure: the peers see a close, not a reset. */
const quietEnds: ReadonlySet<AnyErrorCode> = new Set(["SLUICE_IDLE_TIMEOUT", "SLUICE_CLOSED"]);

/**
 * Whether peers see a FIN instead of a reset. A session that never reached its upstream ends with a FIN, as there is no data that a FIN could cut
 * off. The whole table is in docs/reliability.md.
 */
export function endsQuietly(error: SluiceError, reachedUpstream: boolean): boolean {
  return !reachedUpstream || quietEnds.has(error.code);
}

/**
 * Whether a client reset the connection when nothing was under way. curl ends an HTTP/2 connection over TLS like that, and it is no failure.
 * @param upstream the session's upstream leg
 */
export function leftInPeace({ code }: SluiceError, upstream: Leg | undefined): boolean {
  return upstream?.isIdle === true && (code === "SLUICE_CLIENT_RESET" || code === "SLUICE_CLIENT_TRUNCATED");
}

/** Is told when a plugin's own leg throws: nothing more can be expected from it. */
export interface LegOwner {
  legFailed(error: unknown): void;
}

export function endLeg(leg: Leg | undefined, quietly: boolean, owner: LegOwner): void {
  try {
    if (quietly) leg?.destroy();
    else leg?.reset();
  } catch (error) {
    owner.legFailed(error);
  }
}
