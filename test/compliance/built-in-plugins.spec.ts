import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PluginUse, Transport } from "sluice";
import {
  capture,
  dnsCache,
  echo,
  http,
  httpConnect,
  logging,
  proxyProtocol,
  rateLimit,
  record,
  replay,
  retry,
  route,
  socks5,
  startTls,
  tlsTermination,
  tracing,
} from "sluice/plugins";
import { compliance } from "sluice/testing";
import * as builtIn from "../../plugins/index.ts";

interface Candidate {
  readonly name: string;
  readonly use: () => PluginUse;
  /** @default "tcp" */
  readonly transport?: Transport;
}

const folder = mkdtempSync(join(tmpdir(), "sluice-compliance-"));
const recording = join(folder, "ping.yaml");
const pingPong = ["- { from: client, text: PING }", "- { from: upstream, text: PONG }"];
writeFileSync(recording, ["sluice: recording/1", "transport: tcp", "exchange:", ...pingPong, ""].join("\n"));

// Of the whole run: the plugins below are several suites.
after(() => rmSync(folder, { recursive: true, force: true }));

// Each check makes many instances of a plugin: `maxKeys` and `max` are what one allocates.
const candidates: readonly Candidate[] = [
  { name: "capture", use: () => capture({ file: "bench.pcapng" }) },
  { name: "echo", use: () => echo() },
  { name: "http", use: () => http() },
  { name: "logging", use: () => logging() },
  { name: "logging with chunks", use: () => logging({ chunks: "hex" }) },
  { name: "logging on UDP", use: () => logging({ chunks: "text" }), transport: "udp" },
  { name: "proxyProtocol before strangers", use: () => proxyProtocol({ from: ["10.0.0.0/8"] }) },
  { name: "proxyProtocol before its proxies", use: () => proxyProtocol({ from: ["198.18.0.0/15", "127.0.0.0/8"] }) },
  { name: "rateLimit of sessions", use: () => rateLimit({ connections: { rate: 1_000 }, maxKeys: 100 }) },
  { name: "rateLimit that rejects bytes", use: () => rateLimit({ bytes: { rate: "1GiB" }, maxKeys: 100 }) },
  { name: "rateLimit that shapes bytes", use: () => rateLimit({ bytes: { rate: "20MiB", burst: "100KiB" }, over: "delay", maxKeys: 100 }) },
  { name: "record", use: () => record({ file: "bench.yaml" }) },
  { name: "replay", use: () => replay({ file: recording }) },
  { name: "retry", use: () => retry() },
  { name: "route", use: () => route({ routes: [{ protocol: "ssh", upstream: "127.0.0.1:9" }] }) },
  { name: "httpConnect", use: () => httpConnect({ allow: ["*"] }) },
  { name: "socks5", use: () => socks5({ allow: ["*"] }) },
  { name: "startTls", use: () => startTls({ protocol: "postgres" }) },
  { name: "dnsCache", use: () => dnsCache({ max: 100 }) },
  { name: "dnsCache on UDP", use: () => dnsCache({ max: 100 }), transport: "udp" },
  { name: "tlsTermination", use: () => tlsTermination({ selfSigned: ["localhost"] }), transport: "tls" },
  { name: "tracing", use: () => tracing({ endpoint: "http://127.0.0.1:9" }) },
];

describe("The built-in plugins", () => {
  it("all run the compliance suite", () => {
    const factories = Object.entries(builtIn).filter(([, value]) => "definition" in value);
    for (const [name] of factories)
      expect(
        candidates.some((candidate) => candidate.name.startsWith(name)),
        name,
      ).to.equal(true);
  });
});

for (const { name, use, transport = "tcp" } of candidates)
  describe(`The plugin ${name}`, () => {
    for (const check of compliance(use, { transport })) it(check.name, check.run);
  });
