import { SluiceError } from "../../contract/index.ts";
import type { LiveSession } from "../session/live-session.ts";
import type { ProxyState } from "./proxy-state.ts";

/** Checks of a session within its idle time, so that it ends about a twentieth of that time late at most. */
const LOOKS = 40;
/** Checks that must find a session idle before it ends, so that a process that stood still reads what came meanwhile before it ends sessions. */
const LEAST = 20;

export interface IdleSweep {
  /** `timeouts.idle`, in general or of a listener, may have changed: adapts the interval of the checks. */
  adjust(): void;
  stop(): void;
}

/** Ends idle sessions. One sweep serves all: a timer for each session, restarted for every chunk, would make each chunk more expensive. */
export function startIdleSweep(state: ProxyState): IdleSweep {
  const seen = new WeakMap<LiveSession, { activity: number; since: number; looks: number }>();
  const sweep = (): void => {
    const now = performance.now();
    for (const session of state.sessions) {
      const before = seen.get(session);
      if (before === undefined || before.activity !== session.activity)
        seen.set(session, { activity: session.activity, since: now, looks: 0 });
      // The clock counts too: under load every check comes a little late, and the delays add up.
      else if ((before.looks += 1) >= LEAST && now - before.since >= session.idleTimeout)
        session.fail(new SluiceError("SLUICE_IDLE_TIMEOUT", `${String(session.client)}: nothing came for ${session.idleTimeout} ms`));
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
    // Otherwise reloads in quick succession would put off every check.
    if (state.shortestIdle !== plannedFor) plan();
  };
  return { adjust, stop };
}
