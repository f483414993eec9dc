import { z } from "zod";

/** A share or a probability. */
export const share = (): z.ZodNumber => z.number({ error: "expected a number from 0 to 1" }).min(0).max(1);

/** The options of every fault, written for editors: types derived from a schema lose their docstrings in declarations. */
export interface FaultConfig {
  /** The direction of the fault: data from the client, data from the upstream, or both. Faults at the opening of a session ignore it. @default "both" */
  readonly direction?: "both" | "fromClient" | "fromUpstream" | undefined;
  /** The share of the sessions that have the fault, 0 to 1. It is drawn once for each session. @default 1 */
  readonly share?: number | undefined;
  /** The same seed, a text or a number, makes the same random choices for the first session, the second, and so on. @default drawn at each start */
  readonly seed?: number | string | undefined;
}

/** The schema of {@link FaultConfig}. */
export const commonOptions = {
  direction: z.enum(["both", "fromClient", "fromUpstream"]).default("both"),
  share: share().default(1),
  seed: z.union([z.number(), z.string()]).optional(),
};

/** The parsed options of every fault. */
export interface CommonOptions {
  readonly direction: "both" | "fromClient" | "fromUpstream";
  readonly share: number;
  readonly seed?: number | string | undefined;
}
