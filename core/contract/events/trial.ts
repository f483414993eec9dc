import { z } from "zod";
import { duration, type Duration } from "../options/units.ts";

/** A saved config is first tried on a share of the sessions, and taken back if its plugins fail there. */
export interface TrialConfig {
  /**
   * The share of the open sessions that `reload.sessions` would move, and of the new sessions: more than 0, at most 1. At least one session is
   * tried, if there is one. @default 0.1
   */
  readonly share?: number;
  /** How long the trial lasts. @default "10s" */
  readonly for?: Duration;
  /** Number of exceptions in the hooks and operators of the listener's plugins that takes the config back. @default 3 */
  readonly faults?: number;
}

/** A {@link TrialConfig} with its defaults. */
export interface ResolvedTrial {
  readonly share: number;
  /** Milliseconds. */
  readonly forMs: number;
  readonly faults: number;
}

/** A saved config that is being tried now. */
export interface TrialView {
  readonly generation: number;
  /** When it began, in epoch milliseconds. */
  readonly since: number;
  /** When it will be accepted unless it is taken back before, in epoch milliseconds. */
  readonly until: number;
  readonly listeners: readonly TriedListener[];
}

/** One listener on which a saved config is tried. */
export interface TriedListener {
  readonly listener: string;
  readonly share: number;
  /** Open sessions that run its plugins. */
  readonly sessions: number;
  /** Exceptions in them so far. */
  readonly faults: number;
  /** Number of exceptions that takes the config back. */
  readonly allowed: number;
}

/** The shape of {@link TrialConfig}. */
export const trialSchema = z
  .strictObject({
    share: z
      .number()
      .max(1)
      .refine((share) => share > 0, { error: "expected more than 0 and at most 1, such as 0.1 for a tenth of the sessions" })
      .default(0.1),
    for: duration({ zero: false }).prefault("10s"),
    faults: z.int().min(1).default(3),
  })
  .transform(({ share, for: forMs, faults }): ResolvedTrial => ({ share, forMs, faults }));
