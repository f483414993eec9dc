import type { Logger, Metrics } from "sluice";

/** The size and the rate of a token bucket. */
export interface BucketLimit {
  /** Tokens that come in per millisecond. */
  readonly rate: number;
  /** Tokens in a full bucket. */
  readonly burst: number;
  /** True for bytes and datagrams, which ask often: an external store may take some tokens in advance. */
  readonly lease?: boolean;
}

/** A store of buckets. Proxies that use the same store share their limits. */
export interface RateLimitStore {
  /**
   * Takes `cost` tokens from a bucket, which is full when it is new. A full bucket grants a cost above the burst, and is
   * in debt then. An error ends the session that asked, so with an unreachable store nothing passes.
   *
   * @param now epoch milliseconds
   * @returns 0 when granted; else nothing was taken, and the number is the milliseconds after which to ask again
   */
  take(key: string, cost: number, limit: BucketLimit, now: number): number | Promise<number>;
}

/** What the plugin that opens a store gives it. */
export interface RateLimitStoreParts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The most buckets that it keeps in this process. */
  readonly maxKeys: number;
  /** How many processes of this proxy (`workers`) open the store for this plugin use: each decides its part while the store does not answer. */
  readonly processes: number;
}

/** A store that one plugin use has opened. */
export interface OpenRateLimitStore extends RateLimitStore {
  /** The plugin's setup waits for it: the config is refused when it rejects. */
  readonly opened?: Promise<void>;
  /** The plugin use does not need the store any more. */
  close(): void;
}

/**
 * A value for the option `store` that opens a store. A reload treats two deeply equal values of one class as the same.
 */
export interface RateLimitStoreSource {
  /** Called once per plugin use and generation; a connection may be shared between the calls. */
  open(parts: RateLimitStoreParts): OpenRateLimitStore;
}
