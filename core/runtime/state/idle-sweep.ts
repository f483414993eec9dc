import { SluiceError } from "../../contract/index.ts";
import type { LiveSession } from "../session/live-session.ts";
import type { ProxyState } from "./proxy-state.ts";

/** A session is looked at so many times within its idle time, so it ends at most a twentieth late or so. */
const LOOKS = 40;
/** And at least so many times, so that a process which stood still does not end sessions before it has read what came meanwhile. */
const LEAST = 20;

export interface IdleSweep {
  /** `timeouts.idle`, of all or of a listener, may have changed: looks as often as that asks for from now on. */
  adjust(): void;
  stop(): void;
}

/** Ends sessions that are idle. One sweep for all of them: a timer per session, restarted for every chunk, would cost each chunk. */
export function startIdleSweep(state: ProxyState): IdleSweep {
  const seen = new WeakMap<LiveSession, { activity: number; since: number; looks: number }>();
  const sweep = (): void => {
    const now = performance.now();
    for (const session of state.sessions) {
      const before = seen.get(session);
      if (before === undefined || before.activity !== session.activity)
        seen.set(session, { activity: session.activity, since: now, looks: 0 });
      // By the clock too: under load every look comes a little late, which adds up.
      else if ((before.looks += 1) >= LEAST && now - before.since >= session.owner.idleTimeout)
        session.fail(new SluiceError("SLUICE_IDLE_TIMEOUT", `${String(session.client)}: nothing came for ${session.owner.idleTimeout} ms`));
    }
    plan();
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(timer);
  };
  let plannedFor = 0;
  const plan = (): void => {
    stop();
    plannedFor = state.shortestIdle;
    timer = setTimeout(sweep, Math.min(60_000, Math.max(5, state.shortestIdle / LOOKS)));
    timer.unref();
  };
  plan();
  const adjust = (): void => {
    // Else reloads in quick succession would put every look off.
    if (state.shortestIdle !== plannedFor) plan();
  };
  return { adjust, stop };
}
