import type { Cpu } from "../process-figures.ts";
import type { Gate } from "./gate.ts";

export type LoadKind =
  | "messages"
  | "messages-in-turn"
  | "paced-messages"
  | "requests"
  | "requests-2"
  | "requests-to-2"
  | "bulk"
  | "connections"
  | "datagrams"
  | "datagrams-in-turn"
  | "datagram-rate"
  | "flows"
  | "idle";

/** A proxy under test. The load is at both ends of it. */
export interface Target {
  /** Where the proxy listens, and where it sends to. */
  readonly proxy: number;
  readonly upstream: number;
  /** Its process. */
  readonly pid: number;
}

/** What a load needs to know. */
export interface LoadOptions {
  readonly kind: LoadKind;
  readonly connections: number;
  /** Bytes of a message. */
  readonly size: number;
  readonly tls: boolean;
  /** A connection resumes the TLS session of the one before it. */
  readonly resumed: boolean;
  /** Connections that are open beside it, and idle (connections). */
  readonly beside: number;
  /** Bytes of a request's body (requests, requests-to-2); 0: a GET. */
  readonly body: number;
  /** Requests a second (datagram-rate), each of which is answered; messages a second (paced-messages). */
  readonly rate: number;
}

/** What the load program is told: its one argument, as JSON. */
export interface LoadOrder extends LoadOptions {
  readonly targets: readonly Target[];
  /** The CPU that the proxies have to themselves, if others are polite. */
  readonly proxyCpu: string;
  /** Seconds for each target: before the measured slices, and of them together. */
  readonly warm: number;
  readonly seconds: number;
}

/** What it found for one target. */
export interface LoadResult {
  /** Messages, connections or datagrams there and back; gigabytes for bulk; open connections for idle. */
  readonly units: number;
  readonly seconds: number;
  readonly cpu: Cpu;
  /** CPU seconds that others spent on the proxy's CPU meanwhile: they disturb. */
  readonly others: number;
  readonly errors: number;
  readonly lost: number;
  /** Of paced messages: how long they took, in milliseconds. */
  readonly latency: Latency | undefined;
  /** Resident bytes of the proxy before the load and after it. */
  readonly residentBefore: number;
  readonly resident: number;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** A load on one target. It works while its gate is open, until the process ends. */
export interface Load {
  /** Units so far. */
  units(): number;
  errors(): number;
  /** Sent and not answered (datagrams). */
  lost(): number;
  /** Of each message, where they are measured. */
  readonly milliseconds?: number[];
  /** Resolves when it may be measured. */
  readonly ready: Promise<void>;
}

export type StartLoad = (options: LoadOptions, target: Target, gate: Gate) => Promise<Load>;
