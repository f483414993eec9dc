import { expect } from "chai";
import { createServer, type Server } from "node:net";
import { tap } from "rxjs";
import { createProxy, definePlugin, type PluginUse, type Proxy, type ProxyEvent, type UpstreamConfig } from "sluice";
import { retry } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { closeOf, connect, freePort } from "../support/sockets.ts";

const logger = createLogger({ level: "silent" });

/** Counts tries, standing between retry and the upstream. */
function createTries(): { readonly use: PluginUse; readonly at: number[]; readonly codes: string[] } {
  const at: number[] = [];
  const codes: string[] = [];
  const factory = definePlugin("tries", () => ({
    connect: (attempt) =>
      attempt.pipe(
        tap({
          subscribe: () => at.push(performance.now()),
          error: (error: { code: string }) => codes.push(error.code),
        }),
      ),
  }));
  return { use: factory(), at, codes };
}

describe("retry", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(
    upstream: UpstreamConfig,
    plugins: readonly PluginUse[],
  ): Promise<{ proxy: Proxy; port: number; ended: ProxyEvent[] }> {
    const proxy = cleanup.keep(await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream, plugins } } }, { logger }));
    const ended: ProxyEvent[] = [];
    proxy.events.subscribe((event) => {
      if (event.type === "session-ended") ended.push(event);
    });
    return { proxy, port: proxy.listeners["web"]?.address.port ?? 0, ended };
  }

  it("connects a client to an upstream that opens after twelve tries, and delivers bytes sent in the meantime", async () => {
    const later = await freePort();
    const tries = createTries();
    const { port } = await start(`127.0.0.1:${later}`, [retry({ attempts: 30, delay: "100ms", factor: 1, jitter: "none" }), tries.use]);
    const socket = await connect(port);
    const answer = exchange(socket, "sent before the upstream was there");
    await eventually(() => expect(tries.codes).to.have.length.of.at.least(12));
    const upstream = cleanup.keep(await startUpstream("echo", { port: later }));
    expect(await answer).to.equal("sent before the upstream was there");
    expect(tries.codes).to.deep.equal(Array(tries.at.length - 1).fill("SLUICE_UPSTREAM_REFUSED"));
    expect(upstream.connections).to.equal(1);
    socket.destroy();
  });

  for (const attempts of [1, 2, 5]) {
    it(`tries an upstream that refuses exactly ${attempts} time${attempts === 1 ? "" : "s"}`, async () => {
      const tries = createTries();
      const { port, ended } = await start(`127.0.0.1:${await freePort()}`, [retry({ attempts, delay: "10ms" }), tries.use]);
      const socket = await connect(port);
      await closeOf(socket.resume().on("end", () => socket.end()));
      expect(tries.codes).to.deep.equal(Array(attempts).fill("SLUICE_UPSTREAM_REFUSED"));
      expect(ended.map((event) => event.type === "session-ended" && event.record.reason)).to.deep.equal(["SLUICE_UPSTREAM_REFUSED"]);
    });
  }

  it("waits longer before each try, up to maxDelay", async () => {
    const tries = createTries();
    const options = { attempts: 5, delay: "40ms", factor: 2, maxDelay: "100ms", jitter: "none" } as const;
    const { port } = await start(`127.0.0.1:${await freePort()}`, [retry(options), tries.use]);
    const socket = await connect(port);
    await closeOf(socket.resume().on("end", () => socket.end()));
    const gaps = tries.at.slice(1).map((at, index) => at - (tries.at[index] ?? 0));
    expect(gaps).to.have.length(4);
    // A timer is never early (but for a millisecond of rounding), and may be as late as the machine is busy.
    for (const [index, least] of [40, 80, 100, 100].entries()) expect(gaps[index]).to.be.at.least(least - 1.5);
  });

  it("starts no try after its budget is used", async () => {
    const tries = createTries();
    const options = { attempts: 1_000, delay: "50ms", factor: 1, jitter: "none", within: "200ms" } as const;
    const { port } = await start(`127.0.0.1:${await freePort()}`, [retry(options), tries.use]);
    const socket = await connect(port);
    await closeOf(socket.resume().on("end", () => socket.end()));
    expect(tries.at.length).to.be.at.least(2).and.at.most(5);
  });

  it("uses the next endpoint for each try", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const endpoints = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`, upstream.endpoint];
    const tries = createTries();
    const { port } = await start({ endpoints, balance: "round-robin" }, [retry({ attempts: 3, delay: "1ms" }), tries.use]);
    for (let turn = 0; turn < 6; turn += 1) {
      const socket = await connect(port);
      expect(await exchange(socket, "found")).to.equal("found");
      socket.destroy();
    }
  });

  it("never tries again after the upstream was open, whatever happens then", async () => {
    let accepted = 0;
    const server: Server = createServer((socket) => {
      accepted += 1;
      socket.on("error", () => undefined);
      socket.once("data", () => socket.resetAndDestroy());
    });
    await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
    cleanup.add(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    const { port: upstream } = server.address() as { port: number };
    const { port } = await start(`127.0.0.1:${upstream}`, [retry({ attempts: 10, delay: "1ms" })]);
    const socket = await connect(port);
    socket.write("x");
    expect(await closeOf(socket)).to.equal("ECONNRESET");
    expect(accepted).to.equal(1);
  });
});
