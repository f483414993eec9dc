import { size } from "sluice";
import { z } from "zod";

const defaults = { size: "100MiB", files: 4 } as const;

export const optionsSchema = z.object({
  file: z.string().min(1),
  rotate: z
    .strictObject({
      size: size()
        .refine((bytes) => bytes >= 1024, { error: "expected at least 1KiB" })
        .prefault(defaults.size),
      files: z.int().min(1).max(1_000).default(defaults.files),
    })
    .prefault({}),
  limit: size()
    .refine((bytes) => bytes >= 1024, { error: "expected at least 1KiB" })
    .optional(),
  secrets: z.boolean().default(false),
});

export type CaptureOptions = z.output<typeof optionsSchema>;
