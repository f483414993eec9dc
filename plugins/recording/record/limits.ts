import { size } from "sluice";
import { z } from "zod";

/** The limits of one recording. */
export const limitsSchema = z
  .strictObject({
    size: size()
      .refine((bytes) => bytes >= 1024, { error: "expected at least 1KiB" })
      .prefault("64MiB"),
    sessions: z.int().min(1).default(10_000),
    entries: z.int().min(1).default(100_000),
  })
  .prefault({});

export const defaultLimits = limitsSchema.parse({});
