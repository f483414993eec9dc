import type { TrialView } from "../../contract/index.ts";

/** `on 10% of the sessions of web for 10 s`, for people. */
export function trialText({ listeners, since, until }: TrialView): string {
  const shares = listeners.map(({ listener, share }) => `${Math.round(share * 1000) / 10}% of the sessions of ${listener}`);
  return `on ${shares.join(", ")} for ${(until - since) / 1000} s`;
}

/** The state of a trial, for `status` and `plan`. */
export function trialLine(trial: TrialView, now: number): string {
  const left = Math.max(0, Math.ceil((trial.until - now) / 1000));
  const each = trial.listeners.map(
    ({ listener, sessions, faults, allowed }) =>
      `${listener}: ${sessions} ${sessions === 1 ? "session" : "sessions"}, ${faults} of ${allowed} faults`,
  );
  return `generation ${trial.generation} is on trial for ${left} s more (${each.join("; ")})`;
}
