import { asyncScheduler, throwError, type SchedulerLike } from "rxjs";
import type { Address, Endpoint, UpstreamTarget } from "../../../core/contract/index.ts";
import type { DialContext } from "../../../core/net/dial/dialer.ts";

/** What a dialer needs, with a resolver that nobody should ask. */
export const context = (options: Partial<DialContext> = {}): DialContext => ({
  resolve: () => throwError(() => new Error("nobody should ask")),
  connectTimeout: 2_000,
  ...options,
});
export const at = (port: number, host = "127.0.0.1"): Endpoint => ({ host, port, text: `${host}:${port}` });
export const target = (...endpoints: Endpoint[]): UpstreamTarget => ({ endpoints, balance: "round-robin", tls: undefined });
export const v4 = (address: string): Address => ({ address, family: 4, ttl: 1 });

/** A clock whose time a test says; its timers run in real time. */
export const clockAt = (now: () => number): SchedulerLike => Object.assign(Object.create(asyncScheduler) as SchedulerLike, { now });
