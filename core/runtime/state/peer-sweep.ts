import type { ProxyState } from "./proxy-state.ts";

/** Milliseconds between two checks. */
const LOOK_MS = 500;

/**
 * Ends sessions whose peer has been reset while it is not read, because the other side takes nothing more. A socket that is not read does not tell,
 * so without the checks a client that left would keep its place until `timeouts.idle`. One timer serves all sessions.
 *
 * @returns a function that stops it
 */
export function startPeerSweep({ sessions }: Pick<ProxyState, "sessions">): () => void {
  const timer = setInterval(() => {
    for (const session of sessions) {
      session.flow("fromClient")?.checkSource();
      session.flow("fromUpstream")?.checkSource();
    }
  }, LOOK_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
}
