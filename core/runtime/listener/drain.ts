import { duration, SluiceError, type Duration } from "../../contract/index.ts";
import { LONGEST_WAIT } from "../../contract/options/units.ts";
import type { LiveSession } from "../session/live-session.ts";
import { inSlices } from "../../contract/slices.ts";

/** Lets sessions end by themselves before a deadline, and resets those that are left then. */
export class Drain {
  readonly #timers = new Set<NodeJS.Timeout>();

  /** @param deadlineMs milliseconds from now @returns a function to call with each session, which asks it to end */
  begin(sessions: readonly LiveSession[], deadlineMs: number): (session: LiveSession) => void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void inSlices(sessions, (session) => {
        session.fail(new SluiceError("SLUICE_DRAIN_DEADLINE", `${String(session.client)} was still open after ${deadlineMs} ms`));
      });
    }, deadlineMs);
    timer.unref();
    this.#timers.add(timer);
    return (session) => {
      session.retire();
    };
  }

  /** Forgets every deadline. */
  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}

/** The milliseconds of `close({ drain })`, at most what a timer can wait. @throws SLUICE_CONFIG_INVALID */
export function drainTime(drain: Duration | undefined): number {
  const { success, data, error } = duration({ compared: true }).safeParse(drain ?? 0);
  if (success) return Math.min(data, LONGEST_WAIT);
  throw new SluiceError("SLUICE_CONFIG_INVALID", error.issues[0]?.message ?? error.message, { where: "close({ drain })" });
}

/** Resolves when a set of sessions is empty, or after `timeout` milliseconds. */
export function emptied(sessions: { readonly size: number }, timeout: number): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearInterval(look);
      clearTimeout(deadline);
      resolve();
    };
    const deadline = setTimeout(done, timeout);
    const look = setInterval(() => {
      if (sessions.size === 0) done();
    }, 5);
    if (sessions.size === 0) done();
  });
}
