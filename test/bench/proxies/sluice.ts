// Sluice under test, as a program that embeds it. node sluice.js CANDIDATE LISTEN UPSTREAM [CERT KEY]
import { createProxy, type ListenerConfig, type UpstreamOptions } from "sluice";
import { http, logging, tlsTermination } from "sluice/plugins";
import { backEnds } from "../load/stream-ends.ts";
import { promisePlugin, sixPlugins, sixRawPlugins } from "./six-plugins.ts";

const [candidate = "", listen = "", to = "", cert = "", key = ""] = process.argv.slice(2);
const upstream = `127.0.0.1:${to}`;
const routes = [
  { path: "/api", upstream },
  { path: "/", upstream },
];

const routes2 = routes.map(({ path }) => ({ path, upstream: { endpoints: [upstream], http: "2" as const } }));

/** Weights, hashing and health checks at once, each endpoint at an address of its own. */
const balanced: UpstreamOptions = {
  endpoints: backEnds.map((host, at) => ({ address: `${host}:${to}`, weight: at + 1 })),
  balance: "hash",
  health: { check: "tcp", interval: "1s" },
};

const manyRoutes = Array.from({ length: 4998 }, (_, at) => ({ path: `/${at % 2 === 0 ? "app" : "team"}/${at}`, upstream }));

const listeners: Readonly<Record<string, () => ListenerConfig>> = {
  none: () => ({ listen: `tcp://127.0.0.1:${listen}`, upstream }),
  six: () => ({ listen: `tcp://127.0.0.1:${listen}`, upstream, plugins: sixPlugins() }),
  "six-balanced": () => ({ listen: `tcp://127.0.0.1:${listen}`, upstream: balanced, plugins: sixPlugins() }),
  "six-raw": () => ({ listen: `tcp://127.0.0.1:${listen}`, upstream, plugins: sixRawPlugins() }),
  promise: () => ({ listen: `tcp://127.0.0.1:${listen}`, upstream, plugins: [promisePlugin()] }),
  "tls-six": () => ({ listen: `tls://127.0.0.1:${listen}`, upstream, plugins: [tlsTermination({ cert, key }), ...sixPlugins()] }),
  http: () => ({ listen: `tcp://127.0.0.1:${listen}`, plugins: [logging(), http({ routes })] }),
  "http-to-2": () => ({ listen: `tcp://127.0.0.1:${listen}`, plugins: [http({ routes: routes2 })] }),
  "http-without-record": () => ({ listen: `tcp://127.0.0.1:${listen}`, plugins: [http({ routes })] }),
  "http-many-routes": () => ({ listen: `tcp://127.0.0.1:${listen}`, plugins: [http({ routes: [...manyRoutes, ...routes] })] }),
  "udp-six": () => ({ listen: `udp://127.0.0.1:${listen}`, upstream, plugins: sixPlugins() }),
};

const make = listeners[candidate];
if (make === undefined) throw new Error(`no candidate "${candidate}": ${Object.keys(listeners).join(", ")}`);
const proxy = await createProxy({ listeners: { bench: make() } });
process.once("SIGTERM", () => void proxy.close());
