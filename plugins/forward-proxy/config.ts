import { duration, type Duration } from "sluice";
import { z } from "zod";
import { allowedTargets } from "./allowed-targets.ts";
import { knownUsers } from "./known-users.ts";

/** The options of `httpConnect` and `socks5`. */
export interface ForwardProxyConfig {
  /**
   * The targets to which clients may be connected: `"host"`, `"*.host"` (all below it), `"*"`, an address or a network, optionally followed by `":port"` or
   * `":from-to"` (IPv6 then in brackets). Addresses that are not public need an entry with their network or with the exact host name.
   */
  readonly allow: readonly string[];
  /** Names and passwords of the users. @default everybody who can connect may use it */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** The longest wait for each message of the client. @default "10s" */
  readonly timeout?: Duration | undefined;
}

export const schema = z.object({
  /** The targets to which clients may be connected. */
  allow: allowedTargets(),
  /** Names and passwords. */
  users: knownUsers().optional(),
  /** The longest wait for each message of the client. */
  timeout: duration({ zero: false }).default(10_000),
});

/** The parsed options. */
export type ForwardProxyOptions = z.output<typeof schema>;
