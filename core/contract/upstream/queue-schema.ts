import { z } from "zod";
import { duration } from "../options/units.ts";

/** The schema of a `queue`. */
export const queue = z.strictObject({
  max: z.int().min(1).max(1_000_000).default(100),
  timeout: duration({ zero: false }).prefault("5s"),
});
