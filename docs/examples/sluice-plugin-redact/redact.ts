import { definePlugin, type PluginFactory } from "sluice";
import { replaceBytes } from "sluice/flow";
import { z } from "zod";

/** What {@link redact} takes. */
export interface RedactConfig {
  /** Digits in a row that are blacked out, at least so many. @default 12 */
  readonly digits?: number | undefined;
}

const schema = z.object({ digits: z.number().int().min(1).max(100).default(12) });

/**
 * Blacks out long numbers in what the upstream sends.
 * @example redact({ digits: 16 })
 */
export const redact: PluginFactory<RedactConfig> = definePlugin(
  "redact",
  ({ digits }) => ({
    borrows: true,
    fromUpstream: (data) => data.pipe(replaceBytes(new RegExp(`\\d{${digits},}`), (number) => "*".repeat(number.length))),
  }),
  schema,
);
