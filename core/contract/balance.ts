import type { SessionFacts } from "./session-facts.ts";

/** The policies that Sluice has. */
export type BalanceName = "round-robin" | "least-connections" | "random" | "random-two" | "hash";

/** An endpoint that may be chosen, as a policy sees it at this moment. */
export interface EndpointCandidate {
  /** As written in the config. */
  readonly address: string;
  /** Its share; while `slowStart` lasts, the part of it that it has already. */
  readonly weight: number;
  /** Open legs, those that are being opened, and HTTP requests under way. */
  readonly sessions: number;
  readonly backup: boolean;
  /** `down` only where all endpoints are down, and so all of them are used. */
  readonly state: "up" | "down";
}

/**
 * A policy of one's own. It must return one of the candidates, at once: what it throws, or returns instead, ends that session with
 * SLUICE_BALANCE_FAILED.
 *
 * @param candidates those that are usable, in the config's order; never empty
 */
export type BalancePolicy = BalanceFunctions["balance"];

/** How one of several endpoints is chosen. */
export type Balance = BalanceName | BalancePolicy;

/**
 * What `balance: "hash"` goes by. `client`: its address (an IPv6 client's /64). `server-name`: what its ClientHello asked for; without one, its
 * address. A function must return a text at once: what it throws, or returns instead, ends that session with SLUICE_BALANCE_FAILED.
 */
export type HashKey = "client" | "server-name" | BalanceFunctions["hash"];

/** As methods, so that a function may also be declared for a whole `Session`: that is what it is given. */
interface BalanceFunctions {
  balance(candidates: readonly EndpointCandidate[], session: SessionFacts): EndpointCandidate;
  hash(session: SessionFacts): string;
}

/** One endpoint with options of its own. */
export interface EndpointOptions {
  /** `host:port`, `[v6]:port` or `unix:/path`. */
  readonly address: string;
  /** Its share of new sessions, a whole number up to 65535. 0: none, while another endpoint is up. @default 1 */
  readonly weight?: number;
  /** Used only while all endpoints that are no backups are down. @default false */
  readonly backup?: boolean;
  /** Sessions (and HTTP requests) at the same time, those that are being opened included; beyond it see `queue`. @default no limit */
  readonly maxSessions?: number;
}
