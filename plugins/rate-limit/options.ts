import { duration, size, type HttpRequest, type Session } from "sluice";
import { z } from "zod";
import type { BucketLimit, RateLimitStoreSource } from "./store.ts";

const count = z.number().positive();
const bytes = size().refine((value) => value > 0, { error: "must be more than 0 bytes" });

/** The schema of a limit, whose output is what a bucket needs. With a burst below 1, nothing could ever pass. */
function limitOf<Amount extends number | string>(amount: z.ZodType<number, Amount>) {
  return z
    .strictObject({
      /** The amount that may pass in the time `per`. */
      rate: amount,
      per: duration({ zero: false, compared: true }).default(1_000),
      /** The amount that may pass at once, after a pause. @default rate */
      burst: amount.optional(),
    })
    .transform(({ rate, per, burst = Math.max(rate, 1) }, context): BucketLimit => {
      if (burst < 1) context.addIssue({ code: "custom", path: ["burst"], message: "must be at least 1: less lets nothing pass" });
      return { rate: rate / per, burst };
    });
}

type Key = "client" | "listener" | ((session: Session, request?: HttpRequest) => string);
const isKey = (value: unknown): boolean => value === "client" || value === "listener" || typeof value === "function";
/** Whether a value opens a store, and is not an injection token of a store. */
export function isSource(value: unknown): value is RateLimitStoreSource {
  return typeof value === "object" && value !== null && "open" in value && typeof value.open === "function";
}
const isStore = (value: unknown): boolean => (typeof value === "string" && value !== "") || typeof value === "symbol" || isSource(value);

export const rateLimitSchema = z.object({
  /** New sessions. */
  connections: limitOf(count).optional(),
  /** Datagrams from the client, on a UDP listener. */
  datagrams: limitOf(count).optional(),
  /** Bytes, one bucket per direction. */
  bytes: limitOf(bytes).optional(),
  /** HTTP requests, on a listener with http(). */
  requests: limitOf(count).optional(),
  /** What shares a bucket. */
  key: z.custom<Key>(isKey, { error: 'expected "client", "listener" or a function from the session to a text' }).default("client"),
  /** What happens over the limit. */
  over: z.enum(["reject", "delay"]).default("reject"),
  /** The most buckets, and the most waiting sessions. */
  maxKeys: z.int().min(1).max(10_000_000).default(100_000),
  /** Where the buckets are kept: `"memory"`, `redis()` of `sluice/redis`, or the injection token of a RateLimitStore. */
  store: z
    .custom<string | symbol | RateLimitStoreSource>(isStore, { error: 'expected "memory", redis() or the token of a RateLimitStore' })
    .default("memory"),
});

export type RateLimitOptions = z.output<typeof rateLimitSchema>;
