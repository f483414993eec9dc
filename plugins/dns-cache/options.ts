import { duration } from "sluice";
import { z } from "zod";

export const dnsCacheSchema = z
  .object({
    /** Names, and answers of a UDP listener, kept at most; the one unused longest goes first. */
    max: z.int().min(1).max(10_000_000).default(10_000),
    /** Answers are kept at least so long, but for those with a TTL of 0. */
    minTtl: duration({ compared: true }).default(0),
    /** And at most so long; 0: none is kept. */
    maxTtl: duration({ compared: true }).default(3_600_000),
    /** How long a failure is kept, and a negative answer that says nothing about it itself; 0: not at all. */
    negativeTtl: duration({ compared: true }).default(5_000),
    /** How long after its end an answer may still be used when the name server fails; 0: never. */
    staleIfError: duration({ compared: true }).default(600_000),
    /** Queries that wait for the upstream at once, each on a socket of its own; a further one takes the place of the oldest. */
    maxQueries: z.int().min(1).max(16_384).default(1_024),
  })
  .superRefine(({ minTtl, maxTtl }, context) => {
    if (minTtl > maxTtl) context.addIssue({ code: "custom", path: ["minTtl"], message: `is longer than maxTtl (${maxTtl} ms)` });
  });

/** Durations in milliseconds. */
export type DnsCacheOptions = z.output<typeof dnsCacheSchema>;

/** Milliseconds after which a query without an answer is forgotten: the next to ask is sent upstream again. */
export const PATIENCE = 5_000;

/** Milliseconds that a name server may keep silent when there is a stale answer to give instead (RFC 8767 section 5). */
export const STALE_PATIENCE = 1_800;
