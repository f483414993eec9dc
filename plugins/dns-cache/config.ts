import type { Duration } from "sluice";

/** What `dnsCache()` takes. */
export interface DnsCacheConfig {
  /** Names, and answers of a UDP listener, kept at most; the one unused longest goes first. @default 10000 */
  readonly max?: number | undefined;
  /** Answers are kept at least so long, but for those with a TTL of 0. @default "0s" */
  readonly minTtl?: Duration | undefined;
  /** And at most so long; 0: none is kept. @default "1h" */
  readonly maxTtl?: Duration | undefined;
  /** How long a failure is kept, and a negative answer that says nothing about it itself; 0: not at all. @default "5s" */
  readonly negativeTtl?: Duration | undefined;
  /** How long after its end an answer may still be used when the name server fails; 0: never. @default "10m" */
  readonly staleIfError?: Duration | undefined;
  /** Queries that wait for the upstream at once, each on a socket of its own; a further one takes the place of the oldest. @default 1024 */
  readonly maxQueries?: number | undefined;
}
