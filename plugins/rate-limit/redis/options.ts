import { duration } from "sluice";
import { z } from "zod";

const address = z
  .string()
  .refine((text) => /^rediss?:\/\/./.test(text) && URL.canParse(text), { error: 'expected "redis://host:port" or "rediss://host:port"' });

/** What all addresses of a list have in common, since a client has one secret for all of its servers. */
const alike = ({ protocol, username, password, pathname }: URL): string => JSON.stringify([protocol, username, password, pathname]);

const addresses = z
  .array(address)
  .min(1)
  .refine((urls) => new Set(urls.map((url) => alike(new URL(url)))).size === 1, {
    error: "expected the same protocol, user, password and database in all addresses of the list",
  });

const named = z.strictObject({ name: z.string().min(1), username: z.string().optional(), password: z.string().optional() });

export const redisSchema = z
  .strictObject({
    url: z.union([address, addresses]).default("redis://127.0.0.1:6379"),
    sentinel: z
      .union([z.string().min(1), named])
      .transform((given) => (typeof given === "string" ? { name: given } : given))
      .optional(),
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
   * One server, `redis://[user:password@]host:port[/database]` or `rediss://` for TLS; a list is some nodes of a Redis Cluster, or, with `sentinel`, the
   * sentinels. All addresses of a list have the same protocol, user, password and database: those of the servers that
   * hold the limits, also in a list of sentinels (whose own secret stands in `sentinel`). TLS is used with both.
   * @default "redis://127.0.0.1:6379"
   */
  readonly url?: string | readonly string[];
  /** The name of the master that the sentinels in `url` watch; with user and password when the sentinels ask for these themselves. */
  readonly sentinel?: string | { readonly name: string; readonly username?: string; readonly password?: string };
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
