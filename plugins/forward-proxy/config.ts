import { duration, type Duration } from "sluice";
import { z } from "zod";
import { allowedTargets } from "./allowed-targets.ts";
import { knownUsers } from "./known-users.ts";

/** What `httpConnect` and `socks5` take. */
export interface ForwardProxyConfig {
  /**
   * The targets that clients may be connected to: `"host"`, `"*.host"` (all below it), `"*"`, an address or a network, each perhaps with `":port"` or
   * `":from-to"` (IPv6 in brackets then). Addresses that are not public, only where a network of that kind or the very host name is in the list.
   */
  readonly allow: readonly string[];
  /** Names and passwords of those who may use it. @default everybody who can connect */
  readonly users?: Readonly<Record<string, string>> | undefined;
  /** For each thing that the client has to say. @default "10s" */
  readonly timeout?: Duration | undefined;
}

export const schema = z.object({
  /** The targets that clients may be connected to. */
  allow: allowedTargets(),
  /** Names and passwords. */
  users: knownUsers().optional(),
  /** For each thing that the client has to say. */
  timeout: duration({ zero: false }).default(10_000),
});

/** The options, read. */
export type ForwardProxyOptions = z.output<typeof schema>;
