import type { RequestFacts } from "./request-facts.ts";
import type { SessionFacts } from "./session-facts.ts";

/** The names of the built-in policies, in the order in which messages list them. */
export const balanceNames = ["round-robin", "least-connections", "random", "random-two", "hash"] as const;

/** The built-in policies. */
export type BalanceName = (typeof balanceNames)[number];

/** An endpoint that may be chosen, as a policy sees it at this moment. */
export interface EndpointCandidate {
  /** As written in the config. */
  readonly address: string;
  /** Its share of new sessions; during `slowStart`, the part of the share that it has reached. */
  readonly weight: number;
  /** Open legs, legs that are being opened, and HTTP requests in progress. */
  readonly sessions: number;
  readonly backup: boolean;
  /** `down` only when all endpoints are down: then all of them are candidates. */
  readonly state: "up" | "down";
}

/**
 * A custom policy. It must return one of the candidates, synchronously: an exception, or any other value, ends that session with
 * SLUICE_BALANCE_FAILED.
 *
 * @param candidates the usable endpoints, in the config's order; never empty
 */
export type BalancePolicy = BalanceFunctions["balance"];

/** How one of several endpoints is chosen. */
export type Balance = BalanceName | BalancePolicy;

/**
 * The value that `balance: "hash"` hashes. `client`: the client's address (of an IPv6 address its /64). `server-name`: the server name in the
 * ClientHello; without one, the client's address. A function must return a string, synchronously: an exception, or any other value, ends
 * that session with SLUICE_BALANCE_FAILED.
 */
export type HashKey = "client" | "server-name" | BalanceFunctions["hash"];

/**
 * Declared as methods, so that a function with a parameter of type `Session` is accepted too: it is called with a whole session. With `http()` they are
 * called for each request, and get it too.
 */
interface BalanceFunctions {
  balance(candidates: readonly EndpointCandidate[], session: SessionFacts, request?: RequestFacts): EndpointCandidate;
  hash(session: SessionFacts, request?: RequestFacts): string;
}

/** One endpoint with options of its own. */
export interface EndpointOptions {
  /** `host:port`, `[v6]:port` or `unix:/path`. */
  readonly address: string;
  /** Its share of new sessions, a whole number up to 65535. 0: none, while another endpoint is up. @default 1 */
  readonly weight?: number;
  /** Used only while all endpoints that are not backups are down. @default false */
  readonly backup?: boolean;
  /** Most sessions (and HTTP requests) at the same time, including those being opened; beyond it see `queue`. @default no limit */
  readonly maxSessions?: number;
}
