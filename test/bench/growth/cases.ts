import type { LoadOptions } from "../load/load-options.ts";
import type { Subject } from "./configs.ts";

/** How the cost of a unit may grow with the number of something. */
export type Growth = "constant" | "linear";

/** One line of the table. */
export interface Case {
  readonly subject: Subject;
  readonly unit: string;
  readonly growth: Growth;
  /** What the load does, for a number; without it the unit is a save that changes one thing. */
  readonly load?: (count: number) => Partial<LoadOptions> & Pick<LoadOptions, "kind" | "connections">;
  /** Open sessions that a save takes along. */
  readonly open?: boolean;
  /** At most so many, where descriptors do not suffice for more. */
  readonly most?: number;
}

/** Seconds of warming up: so many of something have to be made, or seen once, before. */
export const warmUp = (count: number): number => 2 + count / 3000;

/** Two descriptors for each session, of the 20,000 that a process mostly has. */
const mostSessions = 9500;

const message: Case["load"] = () => ({ kind: "messages", connections: 64 });
const session: Case["load"] = () => ({ kind: "connections", connections: 10 });
const request: Case["load"] = () => ({ kind: "requests", connections: 64 });

/** What is measured at each size. */
export const cases: readonly Case[] = [
  {
    subject: "sessions",
    unit: "a message",
    growth: "constant",
    most: mostSessions,
    load: (connections) => ({ kind: "messages-in-turn", connections }),
  },
  {
    subject: "sessions",
    unit: "a new session beside them",
    growth: "constant",
    most: mostSessions,
    load: (beside) => ({ kind: "connections", connections: 10, beside }),
  },
  { subject: "sessions", unit: "a save that they are taken along by", growth: "linear", most: mostSessions, open: true },
  { subject: "listeners", unit: "a message", growth: "constant", load: message },
  { subject: "listeners", unit: "a new session", growth: "constant", load: session },
  { subject: "listeners", unit: "a save that changes one", growth: "linear" },
  { subject: "routes by path", unit: "a request", growth: "constant", load: request },
  { subject: "routes by host", unit: "a request", growth: "constant", load: request },
  { subject: "routes by path", unit: "a save that changes one", growth: "linear" },
  { subject: "routes by client", unit: "a new session", growth: "constant", load: session },
  { subject: "plugins", unit: "a message through all", growth: "linear", load: message },
  { subject: "plugins", unit: "a new session through all", growth: "linear", load: session },
  { subject: "plugins", unit: "a save that changes one", growth: "linear" },
  { subject: "endpoints in turn", unit: "a new session", growth: "constant", load: session },
  { subject: "endpoints by load", unit: "a new session", growth: "constant", load: session },
  { subject: "endpoints by hash", unit: "a new session", growth: "constant", load: session },
  { subject: "endpoints by load", unit: "a save that changes one", growth: "linear" },
  { subject: "flows", unit: "a datagram", growth: "constant", load: (connections) => ({ kind: "datagrams-in-turn", connections }) },
  {
    subject: "flows",
    unit: "a new flow in the place of the idlest",
    growth: "constant",
    load: (connections) => ({ kind: "flows", connections }),
  },
  { subject: "names", unit: "a new session to the next of them", growth: "constant", load: session },
];
