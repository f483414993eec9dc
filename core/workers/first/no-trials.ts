import { SluiceError, type ResolvedConfig } from "../../contract/index.ts";

/** Several workers try no save: each would have a part of the sessions only. */
export const noTrials = {
  change: undefined,
  report: undefined,
  accept: (): Promise<never> => Promise.reject(new SluiceError("SLUICE_ADMIN_UNKNOWN", "no save is on trial")),
  takeBack: (): Promise<void> => Promise.resolve(),
};

/** What to say of a config that wants them. */
export function untriedWarnings({ listeners }: ResolvedConfig): readonly string[] {
  const wanted = listeners.some(({ reload }) => reload.trial !== undefined);
  return wanted ? ["reload.trial: with several workers a save is not tried first, and takes effect at once"] : [];
}
