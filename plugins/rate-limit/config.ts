import type { Duration, HttpRequest, Session, Size } from "sluice";
import type { RateLimitStoreSource } from "./store.ts";

/** How much may pass: a token bucket. */
export interface LimitConfig<Amount> {
  /** How much per `per`. */
  readonly rate: Amount;
  /** The time that `rate` is for. @default "1s" */
  readonly per?: Duration | undefined;
  /** How much at once, after a pause. @default rate */
  readonly burst?: Amount | undefined;
}

/** What `rateLimit()` takes: at least one of the limits. */
export interface RateLimitConfig {
  /** New sessions. @default no limit */
  readonly connections?: LimitConfig<number> | undefined;
  /** Datagrams from the client, on a UDP listener. @default no limit */
  readonly datagrams?: LimitConfig<number> | undefined;
  /** Bytes, one bucket per direction. @default no limit */
  readonly bytes?: LimitConfig<Size> | undefined;
  /** HTTP requests, on a listener with `http()`. @default no limit */
  readonly requests?: LimitConfig<number> | undefined;
  /** Who shares a bucket: a client (IPv4 address or IPv6 /64), all of the listener, or what a function says. @default "client" */
  readonly key?: "client" | "listener" | ((session: Session, request?: HttpRequest) => string) | undefined;
  /** What happens to what is over the limit: it is refused, or waits. @default "reject" */
  readonly over?: "reject" | "delay" | undefined;
  /** Buckets, and waiting sessions, at most. @default 100000 */
  readonly maxKeys?: number | undefined;
  /** Where buckets live: `"memory"`, `redis()` of `sluice/redis`, or the token of a provider of a RateLimitStore. @default "memory" */
  readonly store?: string | symbol | RateLimitStoreSource | undefined;
}
