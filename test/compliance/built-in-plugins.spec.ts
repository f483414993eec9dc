import { expect } from "chai";
import type { PluginUse, Transport } from "sluice";
import { dnsCache, echo, http, logging, rateLimit, retry, tlsTermination } from "sluice/plugins";
import { compliance } from "sluice/testing";
import * as builtIn from "../../plugins/index.ts";

interface Candidate {
  readonly name: string;
  readonly use: () => PluginUse;
  /** @default "tcp" */
  readonly transport?: Transport;
}

const candidates: readonly Candidate[] = [
  { name: "echo", use: () => echo() },
  { name: "http", use: () => http() },
  { name: "logging", use: () => logging() },
  { name: "logging with chunks", use: () => logging({ chunks: "hex" }) },
  { name: "logging on UDP", use: () => logging({ chunks: "text" }), transport: "udp" },
  { name: "rateLimit of sessions", use: () => rateLimit({ connections: { rate: 1_000 } }) },
  { name: "rateLimit that rejects bytes", use: () => rateLimit({ bytes: { rate: "1GiB" } }) },
  { name: "rateLimit that shapes bytes", use: () => rateLimit({ bytes: { rate: "20MiB", burst: "100KiB" }, over: "delay" }) },
  { name: "retry", use: () => retry() },
  { name: "dnsCache", use: () => dnsCache() },
  { name: "dnsCache on UDP", use: () => dnsCache(), transport: "udp" },
  { name: "tlsTermination", use: () => tlsTermination({ selfSigned: ["localhost"] }), transport: "tls" },
];
