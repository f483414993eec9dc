import { duration } from "../options/units.ts";

/** The schema of a `keepAlive`. */
export const keepAlive = duration()
  // Linux: TCP_KEEPIDLE, in seconds (MAX_TCP_KEEPIDLE).
  .refine((value) => value >= 1000 && value <= 32_767_000, { error: "expected at least 1s and at most 9h" });
