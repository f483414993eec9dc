import { z } from "zod";
import { parseEndpoint, type Endpoint } from "../addresses/endpoint.ts";

/** The largest weight that the ring of `balance: "hash"` can represent, and more than any share needs. */
const MOST_WEIGHT = 65_535;

/** As for `limits.sessions`. */
const MOST_SESSIONS = 1_048_576;

const endpointText = z.string({ error: 'expected a text such as "localhost:3000"' });

/** An endpoint given by its address alone. */
export const plainEndpoint = endpointText.transform(parsed);

const weighedEndpoint = z
  .strictObject({
    address: endpointText,
    weight: z
      .int({ error: "expected a whole number" })
      .min(0, { error: "expected at least 0" })
      .max(MOST_WEIGHT, { error: `expected at most ${MOST_WEIGHT}` })
      .optional(),
    backup: z.boolean().optional(),
    maxSessions: z
      .int({ error: "expected a whole number" })
      .min(1, { error: "expected at least 1" })
      .max(MOST_SESSIONS, { error: `expected at most ${MOST_SESSIONS}` })
      .optional(),
  })
  .transform(({ address, weight, backup, maxSessions }, context): Endpoint => {
    const endpoint = parsed(address, context, ["address"]);
    return {
      ...endpoint,
      ...(weight === undefined ? {} : { weight }),
      ...(backup === undefined ? {} : { backup }),
      ...(maxSessions === undefined ? {} : { maxSessions }),
    };
  });

/** The endpoints of an upstream. */
export const endpointList = z
  .array(z.union([plainEndpoint, weighedEndpoint]))
  .min(1)
  .check(({ value, issues }) => {
    if (value.length === 0) return;
    const first = value.filter(({ backup }) => backup !== true);
    const fault =
      first.length === 0
        ? "expected at least one endpoint that is no backup: backups stand in for others"
        : first.every(({ weight }) => weight === 0)
          ? "expected at least one endpoint that is no backup with a weight above 0: else no session goes anywhere"
          : undefined;
    if (fault !== undefined) issues.push({ code: "custom", input: value, message: fault });
  });

function parsed(text: string, context: z.core.$RefinementCtx, path: PropertyKey[] = []): Endpoint {
  try {
    return parseEndpoint(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: plainMessage(error), path });
    return z.NEVER;
  }
}

/** The message of a SluiceError without its code, since it becomes part of another message. */
export function plainMessage(error: unknown): string {
  return error instanceof Error ? error.message.replace(/ \(SLUICE_[A-Z_]+: .*\)$/s, "") : String(error);
}
