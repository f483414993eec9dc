import type { TrialView } from "../../contract/index.ts";
import type { PastGeneration } from "../../runtime/generation/generation-history.ts";
import type { Proxy } from "../../runtime/proxy/proxy.ts";
import { shownOverrides } from "./without-secrets.ts";

/** A generation that is kept, as the API shows it. */
export interface GenerationView extends PastGeneration {
  /** It is in force. */
  readonly current: boolean;
  /** Open sessions that run its byte hooks. */
  readonly sessions: number;
  /** It is tried on some sessions. */
  readonly trial?: TrialView | undefined;
}

/** The newest generations, the newest first. */
export function generationViews(proxy: Proxy): readonly GenerationView[] {
  const on = new Map<number, number>();
  for (const { generation } of proxy.sessions) on.set(generation, (on.get(generation) ?? 0) + 1);
  const { trying, history } = proxy.steering;
  const all: readonly (PastGeneration & Pick<GenerationView, "trial">)[] = [
    ...(trying === undefined ? [] : [{ ...trying, trial: proxy.trial }]),
    ...history,
  ];
  return all.map((past) => ({
    ...past,
    overrides: shownOverrides(past.overrides),
    current: past.generation === proxy.generation,
    sessions: on.get(past.generation) ?? 0,
  }));
}
