import type { TrialView } from "../../contract/index.ts";
import type { PastGeneration } from "../../runtime/generation/generation-history.ts";
import type { ServingProxy } from "../../runtime/proxy/serving-proxy.ts";
import { shownOverrides } from "./without-secrets.ts";

/** A generation that is kept, as the API shows it. */
export interface GenerationView extends PastGeneration {
  /** Whether it is in force. */
  readonly current: boolean;
  /** Open sessions that run its byte hooks. */
  readonly sessions: number;
  /** Set while it is tried on some sessions. */
  readonly trial?: TrialView | undefined;
}

/**
 * The kept generations, the newest first.
 *
 * @param on the number of open sessions by generation
 * @param trial of the save that some sessions try
 */
export function generationViews(
  proxy: Pick<ServingProxy, "generation" | "steering">,
  on: ReadonlyMap<number, number>,
  trial: TrialView | undefined,
): readonly GenerationView[] {
  const { trying, history } = proxy.steering;
  const all: readonly (PastGeneration & Pick<GenerationView, "trial">)[] = [
    ...(trying === undefined ? [] : [{ ...trying, trial }]),
    ...history,
  ];
  return all.map((past) => ({
    ...past,
    overrides: shownOverrides(past.overrides),
    current: past.generation === proxy.generation,
    sessions: on.get(past.generation) ?? 0,
  }));
}
