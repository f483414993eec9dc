/** `sluice/redis`: what several proxies share through Redis. */
import { SluiceError } from "sluice";
import type { RateLimitStoreSource } from "../store.ts";
import { redisSchema, type RedisOptions } from "./options.ts";
import { RedisSource } from "./redis-source.ts";

export type { RedisOptions } from "./options.ts";

/**
 * Keeps the buckets of {@link rateLimit} in Redis or Valkey (one server, a cluster, or with sentinels), so that several proxies share their
 * limits: `rateLimit({ connections: { rate: 100 }, store: redis({ url: "redis://cache:6379" }) })`. It needs the package `@redis/client`.
 * The connection stays open over reloads, until the last plugin that uses it is closed.
 *
 * @throws SLUICE_CONFIG_INVALID for invalid options
 */
export function redis(options: RedisOptions = {}): RateLimitStoreSource {
  const parsed = redisSchema.safeParse(options);
  if (parsed.success) return new RedisSource(parsed.data);
  const problems = parsed.error.issues.map(({ path, message }) => [path.join("."), message].filter((part) => part !== "").join(": "));
  throw new SluiceError("SLUICE_CONFIG_INVALID", `redis(): ${problems.join("; ")}`);
}
