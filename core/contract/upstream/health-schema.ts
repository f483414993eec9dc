import { z } from "zod";
import { duration } from "../options/units.ts";
import type { HealthTarget } from "./health-check.ts";

const MOST_SENT = 65_507;

const status = z.int().min(100).max(599);
const bytes = z.instanceof(Uint8Array, { error: "expected bytes" });
const text = z.string({ error: "expected a text" }).min(1, { error: "expected at least 1 character" });

/** The path goes into the request line unchanged. */
const target = z.string().regex(/^\/[!-~]*$/, { error: 'expected the path of a request in ASCII, such as "/health"' });

const http = z.strictObject({ http: target, status: z.union([status, z.array(status).min(1)]).optional() });

const exchange = z.strictObject({
  send: z
    .union([text, bytes])
    .refine((value) => Buffer.byteLength(value) <= MOST_SENT, { error: `expected at most ${MOST_SENT} bytes` })
    .optional(),
  expect: z.union([text, bytes, z.instanceof(RegExp, { error: "expected an expression" })]),
});

const count = z.int().min(1).max(1_000);

/** The schema of an upstream's `health`. */
export const health: z.ZodType<HealthTarget> = z
  .strictObject({
    check: z.union([z.enum(["tcp", "tls"]), http, exchange]),
    interval: duration({ zero: false }).prefault("10s"),
    timeout: duration({ zero: false }).prefault("2s"),
    rise: count.default(2),
    fall: count.default(3),
  })
  .transform((value): HealthTarget => value as HealthTarget);
