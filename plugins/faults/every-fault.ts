import { z } from "zod";

/** A share or a probability. */
export const share = (): z.ZodNumber => z.number({ error: "expected a number from 0 to 1" }).min(0).max(1);

/** What every fault takes. */
export const commonOptions = {
  /** Which way the fault works: what the client sends, what the upstream sends, or both. */
  direction: z.enum(["both", "fromClient", "fromUpstream"]).default("both"),
  /** The share of the sessions that have the fault, 0 to 1. Which ones is drawn once for each session. */
  share: share().default(1),
  /** The same seed, text or number, gives the same run: the same draws for the first session, the second, and so on. Without one, each start differs. */
  seed: z.union([z.number(), z.string()]).optional(),
};

export interface CommonOptions {
  readonly direction: "both" | "fromClient" | "fromUpstream";
  readonly share: number;
  readonly seed?: number | string | undefined;
}
