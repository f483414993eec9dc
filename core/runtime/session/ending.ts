import type { AnyErrorCode, Leg, SluiceError } from "../../contract/index.ts";

/** Ends that are nobody's failure: the peers see a close, not a reset. */
const quietEnds: ReadonlySet<AnyErrorCode> = new Set(["SLUICE_IDLE_TIMEOUT", "SLUICE_CLOSED"]);

/**
 * Whether peers see a FIN and no reset. A session that never reached its upstream is closed: there is no data that a FIN could cut off. The
 * whole table is in docs/reliability.md.
 */
export function endsQuietly(error: SluiceError, reachedUpstream: boolean): boolean {
  return !reachedUpstream || quietEnds.has(error.code);
}

/**
 * Whether a client broke off when nothing was under way: that is how curl ends a connection of HTTP/2 over TLS, and nobody's failure.
 * @param upstream the leg that stands for it
 */
export function leftInPeace({ code }: SluiceError, upstream: Leg | undefined): boolean {
  return upstream?.isIdle === true && (code === "SLUICE_CLIENT_RESET" || code === "SLUICE_CLIENT_TRUNCATED");
}

/** @param failed told of a plugin's own leg that throws: nothing more is to be expected of it */
export function endLeg(leg: Leg | undefined, quietly: boolean, failed: (error: unknown) => void): void {
  try {
    if (quietly) leg?.destroy();
    else leg?.reset();
  } catch (error) {
    failed(error);
  }
}
