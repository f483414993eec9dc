import type { JSX } from "preact";
import type { TrialView } from "../api/types.ts";
import { accept, restore, status } from "../state.ts";
import { Action } from "./action.tsx";
import { count, span } from "./format.ts";
import { proxyNow } from "../proxy-clock.ts";

/** The state of a trial, with buttons to end it early. */
export function Trial({ trial }: { readonly trial: TrialView }): JSX.Element {
  const inForce = status.value?.generation;
  return (
    <div class="trial">
      <ul>
        {trial.listeners.map(({ listener, share, sessions, faults, allowed }) => (
          <li key={listener}>
            <span class="chip">trial</span> <b>{listener}</b>{" "}
            <span class="dim">
              {Math.round(share * 1000) / 10}% of the sessions, {count(sessions)} now; {faults} of {allowed} faults;{" "}
              {span(Math.max(0, trial.until - proxyNow()))} left
            </span>
          </li>
        ))}
      </ul>
      <Action class="" work={() => accept(trial.generation)}>
        Accept
      </Action>{" "}
      {inForce !== undefined && <Action work={() => restore(inForce)}>Take back</Action>}
    </div>
  );
}
