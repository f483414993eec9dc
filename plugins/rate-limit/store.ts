import type { Logger, Metrics } from "sluice";

/** A token bucket's measures. */
export interface BucketLimit {
  /** Tokens that come in per millisecond. */
  readonly rate: number;
  /** Tokens that the full bucket holds. */
  readonly burst: number;
  /** Asked for often, for bytes or datagrams: a store elsewhere may take some tokens in advance. */
  readonly lease?: boolean;
}

/** Where buckets live: give one to several proxies, and they share their limits. */
export interface RateLimitStore {
  /**
   * Takes `cost` tokens from a bucket, which is full when it is new. A cost above the burst is granted by a full bucket, and leaves it
   * in debt. An error ends the session that asked: an unreachable store lets nothing through.
   *
   * @param now epoch milliseconds
   * @returns 0 when granted; else nothing was taken, and it is how many milliseconds later to ask again
   */
  take(key: string, cost: number, limit: BucketLimit, now: number): number | Promise<number>;
}

/** What a store may use of the plugin that opens it. */
export interface RateLimitStoreParts {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Buckets that it keeps in this process, at most. */
  readonly maxKeys: number;
}

/** A store that one plugin use has opened. */
export interface OpenRateLimitStore extends RateLimitStore {
  /** Waited for by the plugin's setup: the config is refused when it fails. */
  readonly opened?: Promise<void>;
  /** The plugin use needs it no more. */
  close(): void;
}

/**
 * What opens a store, as the option `store`. Two that are deeply equal, of one class, are the same to a reload.
 */
export interface RateLimitStoreSource {
  /** Called once per plugin use and generation; what can be shared between them is its to share. */
  open(parts: RateLimitStoreParts): OpenRateLimitStore;
}
