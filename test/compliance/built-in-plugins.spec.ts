import { expect } from "chai";
import { dnsCache, echo, http, logging, proxyProtocol, rateLimit, retry, route, tlsTermination } from "sluice/plugins";
import * as builtIn from "../../plugins/index.ts";
import { describeCompliance, type Candidate } from "./plugin-compliance.ts";

const candidates: readonly Candidate[] = [
  { name: "echo", use: () => echo() },
  { name: "http", use: () => http(), plain: false },
  { name: "logging", use: () => logging() },
  { name: "logging with chunks", use: () => logging({ chunks: "hex" }) },
  { name: "proxyProtocol before strangers", use: () => proxyProtocol({ from: ["10.0.0.0/8"] }) },
  { name: "proxyProtocol before its proxies", use: () => proxyProtocol({ from: ["192.0.2.0/24"] }) },
  { name: "rateLimit of sessions", use: () => rateLimit({ connections: { rate: 1_000 } }) },
  { name: "rateLimit that rejects bytes", use: () => rateLimit({ bytes: { rate: "1GiB" } }) },
  { name: "rateLimit that shapes bytes", use: () => rateLimit({ bytes: { rate: "20MiB", burst: "100KiB" }, over: "delay" }) },
  { name: "retry", use: () => retry() },
  { name: "route", use: () => route({ routes: [{ protocol: "ssh", upstream: "127.0.0.1:9" }] }) },
  { name: "dnsCache", use: () => dnsCache() },
  { name: "tlsTermination", use: () => tlsTermination({ selfSigned: ["localhost"] }), transport: "tls", plain: false },
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

for (const candidate of candidates) describeCompliance(candidate);
