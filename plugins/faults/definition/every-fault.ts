import { z } from "zod";

/** A share or a probability. */
export const share = (): z.ZodNumber => z.number({ error: "expected a number from 0 to 1" }).min(0).max(1);

/** The options of every fault, explained in FaultConfig. */
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
