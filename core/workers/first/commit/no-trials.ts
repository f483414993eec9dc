import { SluiceError, type ResolvedConfig } from "../../../contract/index.ts";

/** With several workers no save is tried, since each worker has only a part of the sessions. */
export const noTrials = {
  change: undefined,
  report: undefined,
  accept: (): Promise<never> => Promise.reject(new SluiceError("SLUICE_ADMIN_UNKNOWN", "no save is on trial")),
  takeBack: (): Promise<void> => Promise.resolve(),
};

/** Warnings for a config that asks for trials. */
export function untriedWarnings({ listeners }: ResolvedConfig): readonly string[] {
  const wanted = listeners.some(({ reload }) => reload.trial !== undefined);
  return wanted ? ["reload.trial: with several workers a save is not tried first, and takes effect at once"] : [];
}
