import { expect } from "chai";
import { dnsCache, echo, http, logging, rateLimit, retry, tlsTermination } from "sluice/plugins";
import * as builtIn from "../../plugins/index.ts";
import { describeCompliance, type Candidate } from "./plugin-compliance.ts";

const candidates: readonly Candidate[] = [
  { name: "echo", use: () => echo() },
  { name: "http", use: () => http(), plain: false },
  { name: "logging", use: () => logging() },
  { name: "logging with chunks", use: () => logging({ chunks: "hex" }) },
  { name: "rateLimit of sessions", use: () => rateLimit({ connections: { rate: 1_000 } }) },
  { name: "rateLimit that rejects bytes", use: () => rateLimit({ bytes: { rate: "1GiB" } }) },
  { name: "rateLimit that shapes bytes", use: () => rateLimit({ bytes: { rate: "20MiB", burst: "100KiB" }, over: "delay" }) },
  { name: "retry", use: () => retry() },
  { name: "dnsCache", use: () => dnsCache() },
  { name: "tlsTermination", use: () => tlsTermination({ selfSigned: ["localhost"] }), transport: "tls", plain: false },
];

describe("The built-in plugins", () => {
  it("all run the compliance suite", () => {
    for (const name of Object.keys(builtIn))
      expect(
        candidates.some((candidate) => candidate.name.startsWith(name)),
        name,
      ).to.equal(true);
  });
});

for (const candidate of candidates) describeCompliance(candidate);
