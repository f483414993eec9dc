import type { Duration, HttpRequest, Session, Size } from "sluice";
import type { RateLimitStoreSource } from "./store.ts";

/** A limit: a token bucket. */
export interface LimitConfig<Amount> {
  /** The amount that may pass in the time `per`. */
  readonly rate: Amount;
  /** The time to which `rate` refers. @default "1s" */
  readonly per?: Duration | undefined;
  /** The amount that may pass at once, after a pause. @default rate */
  readonly burst?: Amount | undefined;
}

/** The options of `rateLimit()`: at least one of the limits. */
export interface RateLimitConfig {
  /** New sessions. @default no limit */
  readonly connections?: LimitConfig<number> | undefined;
  /** Datagrams from the client, on a UDP listener. @default no limit */
  readonly datagrams?: LimitConfig<number> | undefined;
  /** Bytes, one bucket per direction. @default no limit */
  readonly bytes?: LimitConfig<Size> | undefined;
  /** HTTP requests, on a listener with `http()`. @default no limit */
  readonly requests?: LimitConfig<number> | undefined;
  /** What shares a bucket: the sessions of a client (IPv4 address or IPv6 /64), of the listener, or those for which a function returns the same key. @default "client" */
  readonly key?: "client" | "listener" | ((session: Session, request?: HttpRequest) => string) | undefined;
  /** What happens over the limit: refuse, or wait. @default "reject" */
  readonly over?: "reject" | "delay" | undefined;
  /** The most buckets, and the most waiting sessions. @default 100000 */
  readonly maxKeys?: number | undefined;
  /** Where the buckets are kept: `"memory"`, `redis()` of `sluice/redis`, or the injection token of a RateLimitStore. @default "memory" */
  readonly store?: string | symbol | RateLimitStoreSource | undefined;
}
