import { duration } from "sluice";
import { z } from "zod";

export const dnsCacheSchema = z
  .object({
    /** The most names, and the most answers of a UDP listener, that are kept; the least recently used one is dropped first. */
    max: z.int().min(1).max(10_000_000).default(10_000),
    /** The shortest time for which answers are kept, except answers with a TTL of 0. */
    minTtl: duration({ compared: true }).default(0),
    /** The longest time for which answers are kept; 0: none is kept. */
    maxTtl: duration({ compared: true }).default(3_600_000),
    /** How long a failure is kept, and a negative answer that has no TTL of its own; 0: not at all. */
    negativeTtl: duration({ compared: true }).default(5_000),
    /** How long an expired answer may still be used while the name server fails; 0: never. */
    staleIfError: duration({ compared: true }).default(600_000),
    /** The most queries that wait for the upstream at once, each on a socket of its own; one more replaces the oldest. */
    maxQueries: z.int().min(1).max(16_384).default(1_024),
  })
  .superRefine(({ minTtl, maxTtl }, context) => {
    if (minTtl > maxTtl) context.addIssue({ code: "custom", path: ["minTtl"], message: `is longer than maxTtl (${maxTtl} ms)` });
  });

/** Durations in milliseconds. */
export type DnsCacheOptions = z.output<typeof dnsCacheSchema>;

/** Milliseconds after which a query without an answer is forgotten: the next query for the same goes upstream again. */
export const PATIENCE = 5_000;

/** Milliseconds to wait for a silent name server before a stale answer is used instead (RFC 8767 section 5). */
export const STALE_PATIENCE = 1_800;
