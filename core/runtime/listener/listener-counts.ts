import type { Direction, EndReason } from "../../contract/index.ts";
import type { Flow } from "../../flow/pump/flow.ts";
import { Histogram } from "../state/histogram.ts";
import { FaultCounts } from "./fault-counts.ts";
import { RequestBook } from "./request-counts.ts";

/** Bounds in seconds: OpenTelemetry's for connections (semantic conventions 1.44, http.client.connection.duration). */
const sessionSeconds = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];

type FlowTraffic = Pick<TrafficTotals, "bytes" | "chunks" | "sentBytes" | "sentChunks">;

/** An ended session, as the counts see it. */
export interface EndedSession {
  readonly startedAt: number;
  flow(direction: Direction): Flow | undefined;
  /** The traffic of its relay of datagrams. */
  readonly relay: { readonly fromClient: FlowTraffic; readonly fromUpstream: FlowTraffic } | undefined;
}

/** The traffic of one direction of a listener's sessions. */
export class TrafficTotals {
  bytes = 0;
  chunks = 0;
  sentBytes = 0;
  sentChunks = 0;

  add(flow: FlowTraffic | undefined): this {
    if (flow === undefined) return this;
    this.bytes += flow.bytes;
    this.chunks += flow.chunks;
    this.sentBytes += flow.sentBytes;
    this.sentChunks += flow.sentChunks;
    return this;
  }
}

/** Counts of what has happened on one listener since it was bound: plain fields, which are read when somebody asks. */
export class ListenerCounts {
  sessions = 0;
  refused = 0;
  swaps = 0;
  swapsFailed = 0;
  /**
   * Dropped datagrams. `buffer`: operators or a swap held as much as they may; `opening`: the upstream was not open yet; `relay`: a relay did not let
   * them through.
   */
  readonly dropped = { buffer: 0, opening: 0, relay: 0 };
  /** Chunks of `inject()` that were dropped, as there was no room. */
  injectedDropped = 0;
  readonly handshakes = { ok: 0, failed: 0 };
  readonly ends = new Map<EndReason, number>();
  readonly durations = new Histogram(sessionSeconds);
  /** The traffic of ended sessions. */
  readonly fromClient = new TrafficTotals();
  readonly fromUpstream = new TrafficTotals();
  readonly faults = new FaultCounts();
  /** Counts of HTTP requests. */
  readonly requests = new RequestBook();

  ended(session: EndedSession, reason: EndReason): void {
    this.ends.set(reason, (this.ends.get(reason) ?? 0) + 1);
    this.durations.add((Date.now() - session.startedAt) / 1000);
    this.fromClient.add(session.flow("fromClient")).add(session.relay?.fromClient);
    this.fromUpstream.add(session.flow("fromUpstream")).add(session.relay?.fromUpstream);
  }
}
