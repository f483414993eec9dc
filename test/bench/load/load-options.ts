import type { Cpu } from "../process-figures.ts";

export type LoadKind = "messages" | "bulk" | "connections" | "datagrams" | "datagram-rate" | "idle";

/** What the load program is told: its one argument, as JSON. */
export interface LoadOptions {
  readonly kind: LoadKind;
  /** Where the proxy listens, and where it sends to: the load is at both ends. */
  readonly proxy: number;
  readonly upstream: number;
  /** The proxy's process, and the CPU it has to itself if others are polite. */
  readonly pid: number;
  readonly proxyCpu: string;
  readonly connections: number;
  /** Bytes of a message. */
  readonly size: number;
  readonly tls: boolean;
  /** Requests a second (datagram-rate), each of which is answered. */
  readonly rate: number;
  /** Seconds before the measured window, and of it. */
  readonly warm: number;
  readonly seconds: number;
}

/** What it found: one line of JSON on standard output. */
export interface LoadResult {
  /** Messages, connections or datagrams there and back; gigabytes for bulk; open connections for idle. */
  readonly units: number;
  readonly seconds: number;
  readonly cpu: Cpu;
  /** CPU seconds that others spent on the proxy's CPU in the window: they disturb. */
  readonly others: number;
  readonly errors: number;
  readonly lost: number;
  /** Resident bytes of the proxy before the load and after it. */
  readonly residentBefore: number;
  readonly resident: number;
}

/** A load that runs until the process ends. */
export interface Load {
  /** Units so far. */
  units(): number;
  errors(): number;
  /** Sent in the measured window and not answered (datagrams). */
  lost(): number;
  /** The measured window begins or ends. */
  measure?(on: boolean): void;
  /** Resolves when the window may begin, beside the warm-up. */
  readonly ready: Promise<void>;
}
