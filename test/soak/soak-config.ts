import type { Upstreams } from "./upstreams.ts";

/** A local plugin with all kinds of operators that change no byte; a new number is new code. */
export function pluginText(edition: number): string {
  return `import { definePlugin } from "sluice";
import { each } from "sluice/flow";
import { concatMap, delay, map, of } from "rxjs";

// Edition ${edition}.
const both = (operator) => ({ fromClient: (data) => data.pipe(operator), fromUpstream: (data) => data.pipe(operator) });
export const later = definePlugin("later", () => both(each((chunk) => new Promise((resolve) => setImmediate(resolve, chunk)))));
export const raw = definePlugin("raw", () => both(map((chunk) => Buffer.from(chunk))));
export const slow = definePlugin("slow", () => both(concatMap((chunk) => of(chunk).pipe(delay(1)))));
`;
}

const optional = [
  "logging()",
  'logging({ chunks: "size", level: "trace", name: "sizes" })',
  'rateLimit({ bytes: { rate: "4GiB" }, over: "delay", name: "shape" })',
  "rateLimit({ connections: { rate: 100000 } })",
  "retry({ attempts: 5 })",
  "dnsCache()",
  "later()",
  "raw()",
  "slow()",
];
const forDatagrams = new Set(["logging()", "later()", "raw()", 'logging({ chunks: "size", level: "trace", name: "sizes" })']);

function some(list: readonly string[]): string {
  return list
    .map((use) => ({ use, at: Math.random() }))
    .toSorted((a, b) => a.at - b.at)
    .slice(0, Math.floor(Math.random() * list.length))
    .map(({ use }) => use)
    .join(", ");
}

/** A config with a random choice of plugins that change no byte, in a random order. Patient: a machine that is short of time is no fault. */
export function configText({ tcp, udp }: Pick<Upstreams, "tcp" | "udp">): string {
  const datagrams = optional.filter((use) => forDatagrams.has(use));
  return `import { defineConfig } from "sluice";
import { dnsCache, logging, rateLimit, retry, tlsTermination } from "sluice/plugins";
import { later, raw, slow } from "./own.ts";

void [dnsCache, logging, rateLimit, retry, later, raw, slow];
export default defineConfig({
  dns: { hosts: { "upstream.test": ["127.0.0.1"] } },
  timeouts: { drain: "5s", connect: "60s", handshake: "60s" },
  listeners: {
    tcp: { listen: "tcp://127.0.0.1:0", upstream: "${tcp}", plugins: [${some(optional)}] },
    tls: { listen: "tls://127.0.0.1:0", upstream: "${tcp}", plugins: [tlsTermination({ selfSigned: ["localhost"], handshakeTimeout: "60s" }), ${some(optional)}] },
    udp: { listen: "udp://127.0.0.1:0", upstream: "${udp}", plugins: [${some(datagrams)}] },
  },
});
`;
}
