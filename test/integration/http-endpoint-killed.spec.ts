import { expect } from "chai";
import { retry } from "sluice/plugins";
import { Agent, createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";

async function listenOn(server: Server): Promise<string> {
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("An upstream of three endpoints, one of them killed under load,", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("loses with retry() no request that could be repeated, and the other endpoints answer", async () => {
    const names = ["one", "two", "three"];
    const upstreams = await Promise.all(names.map((name) => startHttpUpstream(cleanup, telling(name))));
    const [victim] = upstreams;
    const endpoints = upstreams.map(({ endpoint }) => endpoint);
    const { port, event, all } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: { endpoints, balance: "round-robin" } }] },
      { before: [retry({ attempts: 3, delay: 1 })] },
    );
    const agent = cleanup.keep(new Agent({ keepAlive: true, maxSockets: 16 }));
    const statuses: number[] = [];
    const answerers = new Set<string>();
    let asked = 0;
    let killed: Promise<void> | undefined;
    const client = async (): Promise<void> => {
      while (asked < 1_200) {
        asked += 1;
        // Resets what it has under way, and refuses what comes.
        if (asked === 400) killed = victim?.close();
        const isPut = asked % 3 === 0;
        const { status, told } = await ask(port(), { agent, method: isPut ? "PUT" : "GET", ...(isPut ? { body: "x".repeat(100) } : {}) });
        statuses.push(status);
        if (asked > 800) answerers.add(told.name);
      }
    };
    await Promise.all(Array.from({ length: 16 }, client));
    await killed;
    expect(statuses).to.have.length.of.at.least(1_200);
    expect(statuses.filter((status) => status !== 200)).to.deep.equal([]);
    expect([...answerers].toSorted()).to.deep.equal(["three", "two"]);
    // It fails once a second at most: after a failure it is tried last for so long.
    const seen = { isDown: false };
    const downAt = event("endpoint-down").finally(() => (seen.isDown = true));
    const others: number[] = [];
    while (!seen.isDown) others.push((await ask(port(), { agent })).status);
    const down = await downAt;
    expect(others.filter((status) => status !== 200)).to.deep.equal([]);
    expect([down.endpoint, down.why, down.listener]).to.deep.equal([victim?.endpoint, "failures", "web"]);
    expect(down.failures).to.be.at.least(5);
    expect(["SLUICE_UPSTREAM_REFUSED", "SLUICE_UPSTREAM_RESET"]).to.include(down.code);
    // 30 s and a tenth of jitter.
    expect(Number(down.until) - down.since).to.be.within(27_000, 33_000);
    expect(all("endpoint-down"), "of the others none").to.have.length(1);
  });

  it("loses no request sent on a kept connection that was closed, also without retry()", async () => {
    const other = await startHttpUpstream(cleanup, telling("other"));
    let requests = 0;
    // Dies of its second request: the connection is reset, and the next one refused.
    const fragile = createServer((_request, response) => {
      requests += 1;
      if (requests === 1) response.end('{"name":"fragile"}');
      else fragile.close(() => undefined).closeAllConnections();
    });
    cleanup.add(() => void fragile.close(() => undefined));
    const address = await listenOn(fragile);
    const endpoints = [{ address, weight: 5 }, other.endpoint];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints, balance: "round-robin" } }] });
    const names: string[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { status, told } = await ask(port());
      names.push(`${status} ${told.name}`);
    }
    expect(names).to.deep.equal(["200 fragile", "200 other"]);
    expect(requests).to.equal(2);
  });
});
