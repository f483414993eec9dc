import type { Direction } from "../../contract/index.ts";
import type { TrafficTotals } from "../../runtime/listener/listener-counts.ts";
import { trafficOf } from "../views/traffic.ts";
import { each, several } from "./each-listener.ts";
import type { Family, Sample } from "./family.ts";
import { histogramSamples } from "./histogram-samples.ts";

type Total = "bytes" | "chunks";
type BothWays = Readonly<Record<Direction, TrafficTotals>>;

/** One sample for what came from each leg, and one for what went to it. */
function byLeg(listener: string, { fromClient, fromUpstream }: BothWays, came: Total): Sample[] {
  const went = came === "bytes" ? "sentBytes" : "sentChunks";
  return [
    { value: fromClient[came], labels: { listener, leg: "client", direction: "receive" } },
    { value: fromUpstream[went], labels: { listener, leg: "client", direction: "transmit" } },
    { value: fromUpstream[came], labels: { listener, leg: "upstream", direction: "receive" } },
    { value: fromClient[went], labels: { listener, leg: "upstream", direction: "transmit" } },
  ];
}

/** The metrics for each listener. */
export const listenerFamilies: readonly Family[] = [
  {
    name: "sluice_sessions_total",
    type: "counter",
    help: "Sessions that began.",
    labels: ["listener"],
    read: (proxy) => each(proxy, ({ counts }) => counts.sessions),
  },
  {
    name: "sluice_sessions_active",
    type: "gauge",
    help: "Open sessions.",
    labels: ["listener"],
    read: (proxy) => each(proxy, ({ sessions }) => sessions),
  },
  {
    name: "sluice_sessions_refused_total",
    type: "counter",
    help: "Clients that were turned away at a limit.",
    labels: ["listener"],
    read: (proxy) => each(proxy, ({ counts }) => counts.refused),
  },
  {
    name: "sluice_session_duration_seconds",
    type: "histogram",
    help: "How long sessions lasted that have ended.",
    labels: ["listener"],
    read: (proxy) => several(proxy, ({ counts }) => histogramSamples("sluice_session_duration_seconds", counts.durations)),
  },
  {
    name: "sluice_session_ends_total",
    type: "counter",
    help: "Sessions that ended, by why: closed, or the code of the error.",
    labels: ["listener", "cause"],
    read: (proxy) => several(proxy, ({ counts }) => Array.from(counts.ends, ([cause, value]) => ({ value, labels: { cause } }))),
  },
  {
    name: "sluice_swaps_total",
    type: "counter",
    help: "Sessions that took another pipeline, or could not.",
    labels: ["listener", "result"],
    read: (proxy) =>
      several(proxy, ({ counts }) => [
        { value: counts.swaps, labels: { result: "ok" } },
        { value: counts.swapsFailed, labels: { result: "failed" } },
      ]),
  },
  {
    name: "sluice_bytes_total",
    type: "counter",
    help: "Bytes of payload, by leg: received from and sent to the client and the upstream.",
    labels: ["listener", "leg", "direction"],
    read: (proxy) => Array.from(trafficOf(proxy)).flatMap(([listener, traffic]) => byLeg(listener, traffic, "bytes")),
  },
  {
    name: "sluice_datagrams_total",
    type: "counter",
    help: "Datagrams by leg, of listeners that have them: received from and sent to the client and the upstream.",
    labels: ["listener", "leg", "direction"],
    read: (proxy) =>
      Array.from(trafficOf(proxy))
        .filter(([listener]) => proxy.inner.listeners.get(listener)?.datagrams === true)
        .flatMap(([listener, traffic]) => byLeg(listener, traffic, "chunks")),
  },
  {
    name: "sluice_datagrams_dropped_total",
    type: "counter",
    help: "Datagrams that there was no room for: operators held limits.bufferPerFlow (buffer), or the upstream was not open yet (opening). And those that a relay of a plugin did not let through (relay).",
    labels: ["listener", "reason"],
    read: (proxy) =>
      several(proxy, ({ counts, datagrams }) =>
        Object.entries(counts.dropped)
          .filter(([reason, value]) => (reason === "relay" ? value > 0 : datagrams))
          .map(([reason, value]) => ({ value, labels: { reason } })),
      ),
  },
  {
    name: "sluice_tls_handshakes_total",
    type: "counter",
    help: "TLS handshakes with clients, where the proxy terminates TLS.",
    labels: ["listener", "result"],
    read: (proxy) =>
      several(proxy, ({ handshakes }) => Object.entries(handshakes).map(([result, value]) => ({ value, labels: { result } }))),
  },
  {
    name: "sluice_buffered_bytes",
    type: "gauge",
    help: "Bytes that wait in open sessions.",
    labels: ["listener"],
    read: (proxy) => Array.from(trafficOf(proxy), ([listener, { waiting }]) => ({ value: waiting, labels: { listener } })),
  },
  {
    name: "sluice_paused_flows",
    type: "gauge",
    help: "Directions of open sessions whose sink or operator takes no more for now.",
    labels: ["listener"],
    read: (proxy) => Array.from(trafficOf(proxy), ([listener, { paused }]) => ({ value: paused, labels: { listener } })),
  },
];
