import { definePlugin } from "sluice";
import { replaceBytes } from "sluice/flow";
import { z } from "zod";

const schema = z.object({
  /** Digits in a row that are blacked out, at least so many. */
  digits: z.number().int().min(1).max(100).default(12),
});

/** Blacks out long numbers in what the upstream sends. */
export const redact = definePlugin(
  "redact",
  ({ digits }) => ({
    borrows: true,
    fromUpstream: (data) => data.pipe(replaceBytes(new RegExp(`\\d{${digits},}`), (number) => "*".repeat(number.length))),
  }),
  schema,
);
