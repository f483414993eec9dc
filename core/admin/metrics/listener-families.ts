import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { Listener } from "../../runtime/listener/listener.ts";
import { trafficOf } from "../views/traffic.ts";
import type { Family, Sample } from "./family.ts";
import { histogramSamples } from "./histogram-samples.ts";

const each = ({ inner }: Proxy, read: (listener: Listener) => number): Sample[] =>
  Array.from(inner.listeners.values(), (listener) => ({ value: read(listener), labels: { listener: listener.name } }));

const several = (proxy: Proxy, read: (listener: Listener) => Iterable<Sample>): Sample[] =>
  [...proxy.inner.listeners.values()].flatMap((listener) =>
    Array.from(read(listener), (sample) => ({ ...sample, labels: { listener: listener.name, ...sample.labels } })),
  );

/** What there is once per listener, or endpoint of one. */
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
    read: (proxy) =>
      Array.from(trafficOf(proxy)).flatMap(([listener, { fromClient, fromUpstream }]) => [
        { value: fromClient.bytes, labels: { listener, leg: "client", direction: "receive" } },
        { value: fromUpstream.sentBytes, labels: { listener, leg: "client", direction: "transmit" } },
        { value: fromUpstream.bytes, labels: { listener, leg: "upstream", direction: "receive" } },
        { value: fromClient.sentBytes, labels: { listener, leg: "upstream", direction: "transmit" } },
      ]),
  },
  {
    name: "sluice_datagrams_dropped_total",
    type: "counter",
    help: "Datagrams that there was no room for.",
    labels: ["listener"],
    read: (proxy) => each(proxy, ({ counts }) => counts.dropped),
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
  {
    name: "sluice_upstream_connects_total",
    type: "counter",
    help: "Attempts of sessions to reach the endpoints of the config.",
    labels: ["listener", "endpoint", "result"],
    read: (proxy) =>
      several(proxy, ({ counts }) =>
        Array.from(counts.connects).flatMap(([endpoint, { ok, failed }]) => [
          { value: ok, labels: { endpoint, result: "ok" } },
          { value: failed, labels: { endpoint, result: "failed" } },
        ]),
      ),
  },
  {
    name: "sluice_upstream_endpoint_healthy",
    type: "gauge",
    help: "0 while an endpoint gets no sessions since it failed, else 1.",
    labels: ["listener", "endpoint"],
    read: (proxy) =>
      proxy.status().upstreams.map(({ listener, endpoint, state }) => ({ value: state === "up" ? 1 : 0, labels: { listener, endpoint } })),
  },
];
