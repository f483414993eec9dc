import type { LoadKind } from "./load/load-options.ts";

/** A floor of the table: a candidate's CPU per unit against a yardstick's. */
export interface Goal {
  readonly row: number;
  readonly candidate: string;
  readonly against: string;
  /** Yardstick's CPU per unit divided by the candidate's, at least. */
  readonly atLeast: number;
}

/** One kind of work that candidates are given, and the goals that it decides. */
export interface Work {
  readonly id: string;
  readonly title: string;
  readonly kind: LoadKind;
  readonly connections: number;
  readonly tls?: boolean;
  /** A connection resumes the TLS session of the one before it. */
  readonly resumed?: boolean;
  /** Bytes of a request's body. */
  readonly body?: number;
  /** Requests a second. */
  readonly rate?: number;
  /** How many times longer it is warmed up: where there is more code than for a message, or where what happens once must be over. @default 1 */
  readonly warmer?: number;
  readonly unit: "message" | "request" | "GB" | "connection" | "datagram" | "idle connection";
  /** Measured only to be seen beside the others. */
  readonly beside: readonly string[];
  readonly goals: readonly Goal[];
  /** Other rows that this work decides: 8 (lost datagrams), 9 (memory). */
  readonly rows?: readonly number[];
}

const against = (row: number, candidate: string, floors: Readonly<Record<string, number>>): Goal[] =>
  Object.entries(floors).map(([yardstick, atLeast]) => ({ row, candidate, against: yardstick, atLeast }));

/** The table of what Sluice must reach, by the work that shows it. Rows 9, 10, 16, 18 and the losses of 8 have no ratio of CPU. */
export const works: readonly Work[] = [
  {
    id: "messages",
    title: "64 connections, 64-byte ping-pong",
    kind: "messages",
    connections: 64,
    unit: "message",
    beside: ["pipe again", "none"],
    goals: [
      ...against(1, "six", { pipe: 1, haproxy: 0.75, nginx: 0.75 }),
      ...against(3, "six raw", { pipe: 0.85 }),
      ...against(4, "promise", { pipe: 0.85 }),
    ],
  },
  {
    id: "messages-1000",
    title: "1,000 connections, 64-byte ping-pong",
    kind: "messages",
    connections: 1000,
    unit: "message",
    beside: ["pipe again", "haproxy"],
    goals: against(2, "six", { pipe: 0.95 }),
  },
  {
    id: "latency",
    title: "latency at 20,000 64-byte messages a second, 64 connections, about half of what pipe can",
    kind: "paced-messages",
    // V8 collects the whole heap once after the start of a program: that pause is no part of how long a message takes.
    warmer: 8,
    connections: 64,
    rate: 20_000,
    unit: "message",
    beside: ["pipe", "haproxy", "nginx", "six"],
    goals: [],
    rows: [16],
  },
  {
    id: "bulk-8",
    title: "bulk, 8 streams",
    kind: "bulk",
    connections: 8,
    unit: "GB",
    beside: ["pipe again", "none"],
    goals: against(5, "six", { pipe: 1.5, haproxy: 1.2, nginx: 1.2 }),
  },
  {
    id: "bulk-1",
    title: "bulk, 1 stream",
    kind: "bulk",
    connections: 1,
    unit: "GB",
    beside: ["pipe again", "none"],
    goals: against(5, "six", { pipe: 1.5, haproxy: 1.2, nginx: 1.2 }),
  },
  {
    id: "connections",
    title: "new connections: connect, 64 bytes there and back, close; 32 at a time",
    kind: "connections",
    connections: 32,
    warmer: 4,
    unit: "connection",
    beside: ["pipe again", "none", "haproxy", "nginx"],
    goals: [...against(6, "six", { pipe: 0.95 }), ...against(6, "six balanced", { six: 1 / 1.02 })],
  },
  {
    id: "tls-bulk",
    title: "TLS termination, bulk, 4 streams",
    kind: "bulk",
    connections: 4,
    tls: true,
    unit: "GB",
    beside: ["tls pipe again", "tls haproxy", "tls nginx"],
    goals: against(7, "tls six", { "tls pipe": 1 }),
  },
  {
    id: "tls-messages",
    title: "TLS termination, 64 connections, 64-byte ping-pong",
    kind: "messages",
    connections: 64,
    tls: true,
    unit: "message",
    beside: ["tls pipe again", "tls haproxy", "tls nginx"],
    goals: against(7, "tls six", { "tls pipe": 0.95 }),
  },
  {
    id: "requests",
    title: "HTTP/1.1, 64 connections kept, two routes, a record of each request",
    kind: "requests",
    warmer: 4,
    connections: 64,
    unit: "request",
    beside: ["http-proxy again", "http without record"],
    goals: against(11, "http", { "http-proxy": 1 }),
  },
  {
    id: "posts",
    title: "HTTP/1.1, the same with a POST of 100 bytes",
    kind: "requests",
    warmer: 4,
    body: 100,
    connections: 64,
    unit: "request",
    beside: ["http-proxy again", "http without record"],
    goals: against(13, "http", { "http-proxy": 1 }),
  },
  {
    id: "requests-2",
    title: "HTTP/2 client, HTTP/1.1 upstream, 8 connections with 8 streams each",
    kind: "requests-2",
    warmer: 4,
    connections: 8,
    unit: "request",
    beside: ["http2-proxy again", "http without record"],
    goals: against(14, "http", { "http2-proxy": 1 }),
  },
  {
    id: "requests-to-2",
    title: "HTTP/1.1 client, HTTP/2 upstream, 64 connections kept, no record",
    kind: "requests-to-2",
    warmer: 4,
    connections: 64,
    unit: "request",
    beside: ["http2-client again"],
    goals: against(19, "http to HTTP/2", { "http2-client": 1 / 1.2 }),
  },
  {
    id: "posts-to-2",
    title: "HTTP/1.1 client, HTTP/2 upstream, the same with a POST of 100 bytes",
    kind: "requests-to-2",
    warmer: 4,
    body: 100,
    connections: 64,
    unit: "request",
    beside: ["http2-client again"],
    goals: against(19, "http to HTTP/2", { "http2-client": 1 / 1.2 }),
  },
  {
    id: "routes",
    title: "HTTP/1.1, 64 connections kept, 5,000 routes beside two, no record",
    kind: "requests",
    connections: 64,
    unit: "request",
    beside: [],
    goals: against(17, "http with 5,000 routes", { "http without record": 0.87 }),
  },
  {
    id: "tls-connections",
    title: "TLS termination, new connections, full handshakes, 32 at a time",
    kind: "connections",
    connections: 32,
    tls: true,
    warmer: 8,
    unit: "connection",
    beside: ["tls pipe again", "tls haproxy", "tls nginx"],
    goals: against(15, "tls six", { "tls pipe": 1 }),
  },
  {
    id: "tls-resumed",
    title: "TLS termination, new connections, resumed, 32 at a time",
    kind: "connections",
    connections: 32,
    tls: true,
    resumed: true,
    warmer: 8,
    unit: "connection",
    beside: ["tls pipe again", "tls haproxy", "tls nginx"],
    goals: against(15, "tls six", { "tls pipe": 1 }),
  },
  {
    id: "datagrams",
    title: "UDP request and response, 64 clients, 64 bytes",
    kind: "datagrams",
    warmer: 5,
    connections: 64,
    unit: "datagram",
    beside: ["udp forwarder again", "udp nginx"],
    goals: against(8, "udp six", { "udp forwarder": 1 }),
  },
  {
    id: "datagram-rate",
    title: "UDP at 60,000 datagrams a second, 64 clients: 30,000 requests, each answered",
    kind: "datagram-rate",
    connections: 64,
    rate: 30_000,
    unit: "datagram",
    beside: ["udp forwarder", "udp nginx", "udp six"],
    goals: [],
    rows: [8],
  },
  {
    id: "workers",
    title: "two workers on two CPUs beside one process on one, 64 connections, 64-byte ping-pong",
    kind: "messages",
    connections: 64,
    // Each of them has half of the work, and compiles as much.
    warmer: 8,
    unit: "message",
    beside: ["pipe", "pipe in two processes"],
    goals: against(12, "two workers", { "one process": 1 / 1.1 }),
  },
  {
    id: "workers-requests",
    title: "two workers on two CPUs beside one process on one, HTTP/1.1, 64 connections kept",
    kind: "requests",
    connections: 64,
    // Each of them has half of the work, and compiles as much.
    warmer: 8,
    unit: "request",
    beside: [],
    goals: against(12, "http in two workers", { "http in one process": 1 / 1.1 }),
  },
  {
    id: "idle",
    title: "9,500 idle connections",
    kind: "idle",
    connections: 9500,
    unit: "idle connection",
    beside: ["pipe", "none", "haproxy", "nginx", "six"],
    goals: [],
    rows: [9],
  },
];

/** The rows of the table that a work decides. */
export const rowsOf = ({ goals, rows = [] }: Work): Set<number> => new Set([...goals.map(({ row }) => row), ...rows]);

/** The candidates to measure for some rows, yardsticks first. */
export function candidatesOf({ goals, beside }: Work, rows: ReadonlySet<number>): string[] {
  const wanted = goals.filter(({ row }) => rows.has(row));
  return [...new Set([...wanted.map((goal) => goal.against), ...beside, ...wanted.map((goal) => goal.candidate)])];
}
