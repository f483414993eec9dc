import { duration } from "sluice";
import { z } from "zod";

const address = z
  .string()
  .refine((text) => /^rediss?:\/\/./.test(text) && URL.canParse(text), { error: 'expected "redis://host:port" or "rediss://host:port"' });

export const redisSchema = z
  .strictObject({
    url: z.union([address, z.array(address).min(1)]).default("redis://127.0.0.1:6379"),
    sentinel: z.string().min(1).optional(),
    prefix: z.string().default("sluice:"),
    timeout: duration({ zero: false, compared: true }).default(50),
    onError: z.enum(["local", "reject", "pass"]).default("local"),
    share: z.int().min(1).default(1),
  })
  .refine(({ url, sentinel }) => sentinel === undefined || Array.isArray(url), {
    path: ["url"],
    error: "expected a list of the sentinels' addresses, since `sentinel` names a master",
  });

export type ResolvedRedisOptions = z.output<typeof redisSchema>;

/** The options of `redis()`. */
export interface RedisOptions {
  /**
   * One server, `redis://[user:password@]host:port[/database]` or `rediss://` for TLS; a list is some nodes of a Redis Cluster, or, with `sentinel`, the sentinels.
   * @default "redis://127.0.0.1:6379"
   */
  readonly url?: string | readonly string[];
  /** The name of the master that the sentinels in `url` watch. */
  readonly sentinel?: string;
  /** The beginning of every key. Proxies that share limits need the same prefix. @default "sluice:" */
  readonly prefix?: string;
  /** How long a decision may wait for the server: milliseconds, or a text such as `"50ms"`. @default "50ms" */
  readonly timeout?: number | string;
  /**
   * What happens while the server does not answer: `"local"` limits in this process, at the rate divided by `share`; `"reject"` lets nothing
   * through; `"pass"` lets everything through.
   * @default "local"
   */
  readonly onError?: "local" | "reject" | "pass";
  /** How many proxies share the limits, for `onError: "local"`. @default 1 */
  readonly share?: number;
}
