import { expect } from "chai";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dnsCache } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { dnsClient } from "../support/name-server.ts";
import { failures, mustRun, startInFront, startServer, temporaryFolder } from "../support/real-peer.ts";
import { freePort } from "../support/sockets.ts";

const cleanup = createCleanup();
const zone = ["$TTL 300", "@ SOA ns root 1 3600 600 86400 300", "@ NS ns", "ns A 127.0.0.1"];
const records = Array.from({ length: 8 }, (_, at) => `n${at} A 192.0.2.${at + 1}`);

function config(folder: string, port: number, options: readonly string[], more = ""): string {
  const own = [`directory "${folder}";`, `listen-on port ${port} { 127.0.0.1; };`, "listen-on-v6 { none; };", "pid-file none;"];
  const common = ["session-keyfile none;", "dnssec-validation no;", "recursion yes;", "allow-query { any; };", "notify no;"];
  return `options { ${[...own, ...common, ...options].join(" ")} }; controls { }; ${more}\n`;
}

describe("BIND in front of dnsCache and behind it [trust]", function () {
  this.timeout(120_000);
  let dig: string;
  let port: number;
  let forwarder: number;
  let started: Awaited<ReturnType<typeof startInFront>>;

  async function startNamed(named: string, name: string, text: (folder: string, at: number) => string): Promise<number> {
    const folder = join(temporaryFolder(cleanup), name);
    mkdirSync(folder);
    const at = await freePort();
    writeFileSync(join(folder, "zone"), [...zone, ...records, ""].join("\n"));
    writeFileSync(join(folder, "named.conf"), text(folder, at));
    startServer(cleanup, named, ["-f", "-n", "1", "-c", join(folder, "named.conf")]);
    return at;
  }

  before(async function () {
    const named = requireTool(this, "named");
    dig = requireTool(this, "dig");
    port = await startNamed(named, "server", (folder, at) =>
      config(folder, at, ["answer-cookie yes;"], `zone "test" { type primary; file "${folder}/zone"; };`),
    );
    const client = cleanup.keep(await dnsClient(port));
    await client.untilAnswered("n1.test");
    started = await startInFront(cleanup, { dns: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${port}`, plugins: [dnsCache()] } });
    // It keeps no answer, so that each question comes to the cache.
    forwarder = await startNamed(named, "forwarder", (folder, at) =>
      config(folder, at, ["max-cache-ttl 0;", "forward only;", `forwarders { 127.0.0.1 port ${started.port()}; };`, "send-cookie yes;"]),
    );
  });
  after(() => cleanup.run());

  const ask = (name: string, at: number, ...options: string[]): Promise<string> =>
    mustRun(dig, ["@127.0.0.1", "-p", String(at), name, "A", "+tries=1", "+time=5", ...options]);

  it("passes no cookie of the server to a client", async () => {
    expect(await ask("n0.test", port, "+cookie"), "the server has cookies").to.match(/COOKIE: [0-9a-f]{48} \(good\)/);
    for (let turn = 0; turn < 3; turn += 1) {
      const answer = await ask("n0.test", started.port(), "+cookie");
      expect(answer)
        .to.match(/status: NOERROR/)
        .and.to.include("192.0.2.1");
      expect(answer).not.to.include("COOKIE");
    }
  });

  it("is accepted by a forwarder that uses cookies, with or without the answer in the cache", async () => {
    await eventually(async () => expect(await ask("n7.test", forwarder)).to.match(/status: NOERROR/), { within: 15_000 });
    for (let turn = 0; turn < 3; turn += 1) {
      for (let at = 0; at < records.length; at += 1) {
        const answer = await ask(`n${at}.test`, forwarder);
        expect(answer)
          .to.match(/status: NOERROR/)
          .and.to.include(`192.0.2.${at + 1}`);
      }
    }
    expect(failures(started)).to.deep.equal([]);
  });
});
