import type { Family } from "./family.ts";

/** What there is once per listener or endpoint. */
export const listenerFamilies: readonly Family[] = [
  {
    name: "sluice_sessions_active",
    type: "gauge",
    help: "Open sessions.",
    labels: ["listener"],
    read: ({ inner }) => Array.from(inner.listeners.values(), ({ name, sessions }) => ({ value: sessions, labels: { listener: name } })),
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
