import { createHash } from "node:crypto";

/**
 * A token bucket as one number, the time at which it is full again: the generic cell rate algorithm (ITU-T I.371, annex A). Time is the
 * server's, so the clocks of the proxies need not agree. KEYS: the bucket. ARGV: tokens per millisecond, burst, cost. It answers
 * like a RateLimitStore: "0" when granted, else the milliseconds after which to ask again.
 */
export const gcra = `
local time = redis.call("TIME")
local now = time[1] * 1000 + time[2] / 1000
local rate, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(now, tonumber(redis.call("GET", KEYS[1]) or "") or now)
local wait = full - now + (math.min(cost, burst) - burst) / rate
if wait > 0.001 then return string.format("%.3f", wait) end
full = full + cost / rate
redis.call("SET", KEYS[1], string.format("%.3f", full), "PX", string.format("%.0f", math.max(1, math.ceil(full - now))))
return "0"
`;

export const gcraDigest = createHash("sha1").update(gcra).digest("hex");
