import { expect } from "chai";
import { retry } from "sluice/plugins";
import { Agent } from "node:http";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";

describe("An upstream of three, of which one is killed under load", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("loses no request that could be repeated, with retry(), and the others answer", async () => {
    const names = ["one", "two", "three"];
    const upstreams = await Promise.all(names.map((name) => startHttpUpstream(cleanup, telling(name))));
    const [victim] = upstreams;
    const endpoints = upstreams.map(({ endpoint }) => endpoint);
    const { port, event, all } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: { endpoints, balance: "round-robin" } }] },
      { before: [retry({ attempts: 3, delay: 1 })] },
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 16 });
    cleanup.add(() => agent.destroy());
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
});
