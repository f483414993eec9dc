import type { Duration } from "sluice";

/** The options of `dnsCache()`. */
export interface DnsCacheConfig {
  /** The most names, and the most answers of a UDP listener, that are kept; the least recently used one is dropped first. @default 10000 */
  readonly max?: number | undefined;
  /** The shortest time for which answers are kept, except answers with a TTL of 0. @default "0s" */
  readonly minTtl?: Duration | undefined;
  /** The longest time for which answers are kept; 0: none is kept. @default "1h" */
  readonly maxTtl?: Duration | undefined;
  /** How long a failure is kept, and a negative answer that has no TTL of its own; 0: not at all. @default "5s" */
  readonly negativeTtl?: Duration | undefined;
  /** How long an expired answer may still be used while the name server fails; 0: never. @default "10m" */
  readonly staleIfError?: Duration | undefined;
  /** The most queries that wait for the upstream at once, each on a socket of its own; one more replaces the oldest. @default 1024 */
  readonly maxQueries?: number | undefined;
}
