import type { Proxy } from "../../runtime/proxy/proxy.ts";
import type { EndpointCounts, UpstreamCounts } from "../../runtime/state/upstream-counts.ts";
import { several } from "./each-listener.ts";
import type { Family, Sample } from "./family.ts";
import { histogramSamples } from "./histogram-samples.ts";

const labels = ["listener", "endpoint"];
/** The label for all endpoints that plugins chose at run time: clients may have named them, so their number has no limit. */
const other = "_other";

function eachEndpoint(proxy: Proxy, read: (counts: EndpointCounts) => Iterable<Sample>): Sample[] {
  return several(proxy, ({ name }) =>
    named(proxy.inner.state.upstreams.of(name)).flatMap(([endpoint, counts]) =>
      Array.from(read(counts), (sample) => ({ ...sample, labels: { endpoint, ...sample.labels } })),
    ),
  );
}

function named({ endpoints, others }: UpstreamCounts): (readonly [string, EndpointCounts])[] {
  const isUsed = others.ok + others.failed + others.ejections > 0;
  return [...endpoints, ...(isUsed ? [[other, others] as const] : [])];
}

/** The metrics for each endpoint that the config names, and for each upstream. */
export const upstreamFamilies: readonly Family[] = [
  {
    name: "sluice_upstream_connects_total",
    type: "counter",
    help: `Attempts to connect to the endpoints of the config; those that plugins chose at run time are the endpoint ${other}.`,
    labels: [...labels, "result"],
    read: (proxy) =>
      eachEndpoint(proxy, ({ ok, failed }) => [
        { value: ok, labels: { result: "ok" } },
        { value: failed, labels: { result: "failed" } },
      ]),
  },
  {
    name: "sluice_upstream_connect_duration_seconds",
    type: "histogram",
    help: "How long the attempts took that opened a connection: the name's look-up, the connection and TLS.",
    labels: ["listener"],
    read: (proxy) =>
      several(proxy, ({ name, version }) => {
        const { durations } = proxy.inner.state.upstreams.of(name);
        const isUsed = version.configured.size > 0 || durations.count > 0;
        return isUsed ? histogramSamples("sluice_upstream_connect_duration_seconds", durations) : [];
      }),
  },
  {
    name: "sluice_upstream_endpoint_healthy",
    type: "gauge",
    help: "0 while an endpoint gets no sessions since it failed, else 1.",
    labels,
    among: "min",
    read: (proxy) =>
      several(proxy, ({ name, version }) =>
        Array.from(version.configured, (endpoint) => ({
          value: proxy.inner.state.health.of(name, endpoint).isOut ? 0 : 1,
          labels: { endpoint },
        })),
      ),
  },
  {
    name: "sluice_upstream_ejections_total",
    type: "counter",
    help: "How often an endpoint was taken out of use: it failed too often in a row, or its health check did.",
    labels,
    read: (proxy) => eachEndpoint(proxy, ({ ejections }) => [{ value: ejections }]),
  },
];
