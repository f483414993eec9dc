import type { JSX } from "preact";
import type { GenerationView } from "../api/types.ts";
import { Action } from "../parts/action.tsx";
import { count, span, time } from "../parts/format.ts";
import { Trial } from "../parts/trial.tsx";
import { generations, restore } from "../state.ts";

/** What each generation changed, and how many sessions still use it. */
export function Generations(): JSX.Element {
  return (
    <section class="panel">
      <h1>Generations</h1>
      <p class="hint">
        A save, a switch and a restore each make one. A session counts for the generation that last changed its plugins. Restoring one
        leaves the file as it is.
      </p>
      <ol class="generations">
        {generations.value.map(({ generation, at, origin, durationMs, steps, overrides, current, sessions, trial, takenBack }) => (
          <li key={generation}>
            <div class="when">
              <b class="number">{generation}</b>
              <span class="dim number">{time(at)}</span>
            </div>
            <div class="what">
              <p>
                {current && <span class="badge">current</span>}
                {trial !== undefined && <span class="badge warn">on trial</span>}
                {takenBack !== undefined && <span class="badge warn">taken back</span>} {origin}
                {overrides.length > 0 && (
                  <span class="dim"> with {overrides.map(({ listener, plugin }) => `${listener}/${plugin}`).join(", ")}</span>
                )}
                <span class="dim"> in {span(durationMs)}</span>
              </p>
              {takenBack !== undefined && <p class="dim">{takenBack}</p>}
              {trial !== undefined && <Trial trial={trial} />}
              <Steps all={steps.filter(({ action }) => action !== "keep")} />
            </div>
            <div class="who">
              <span class="number">{count(sessions)}</span> <span class="dim">open {sessions === 1 ? "session" : "sessions"}</span>
              {!current && trial === undefined && <Action work={() => restore(generation)}>Restore</Action>}
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Steps that are shown before somebody asks for all. */
const fewSteps = 8;

/** What a generation did with listeners. */
function Steps({ all }: { all: GenerationView["steps"] }): JSX.Element {
  const few = all.length <= fewSteps + 1 ? all : all.slice(0, fewSteps);
  return (
    <>
      <StepList steps={few} />
      {few.length < all.length && (
        <details>
          <summary>{all.length - few.length} more</summary>
          <StepList steps={all.slice(few.length)} />
        </details>
      )}
    </>
  );
}

function StepList({ steps }: { steps: GenerationView["steps"] }): JSX.Element {
  return (
    <ul>
      {steps.map(({ listener, action, detail }) => (
        <li key={`${listener} ${action}`}>
          <span class="chip">{action}</span> <b>{listener}</b> <span class="dim">{detail}</span>
        </li>
      ))}
    </ul>
  );
}
