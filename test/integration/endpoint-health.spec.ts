import { expect } from "chai";
import { createServer } from "node:net";
import { asyncScheduler } from "rxjs";
import {
  CLOCK,
  createProxy,
  type PluginUse,
  type Proxy,
  type ProxyEvent,
  type SessionRecord,
  type SluiceConfig,
  type UpstreamOptions,
} from "sluice";
import { http, retry } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { ask } from "../support/http-client.ts";
import { recordLog, type RecordedLog } from "../support/recorded-log.ts";
import { connect, freePort } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp, startUdpEcho } from "../support/with-echo-server.ts";

describe("An endpoint that fails", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  interface Bench {
    readonly proxy: Proxy;
    readonly port: number;
    readonly events: ProxyEvent[];
    readonly records: SessionRecord[];
    readonly log: RecordedLog;
    /** Puts the clock forward by the second for which an endpoint that failed is tried last. */
    readonly tick: () => void;
  }

  async function start(config: SluiceConfig): Promise<Bench> {
    const log = recordLog("info");
    let ahead = 0;
    const useValue = Object.assign(Object.create(asyncScheduler) as object, { now: () => Date.now() + ahead });
    const proxy = cleanup.keep(await createProxy({ ...config, providers: [{ token: CLOCK, useValue }] }, { logger: log.logger }));
    const events: ProxyEvent[] = [];
    const records: SessionRecord[] = [];
    proxy.events.subscribe((event) => {
      if (event.type === "session-ended") records.push(event.record);
      else events.push(event);
    });
    return { proxy, port: proxy.listeners["web"]?.address.port ?? 0, events, records, log, tick: () => void (ahead += 1_100) };
  }

  const config = (endpoints: readonly string[], plugins: readonly PluginUse[] = [], scheme = "tcp"): SluiceConfig => ({
    listeners: { web: { listen: `${scheme}://127.0.0.1:0`, upstream: { endpoints, balance: "random" }, plugins } },
  });
  const names = (events: readonly ProxyEvent[]): string[] => events.map(({ type }) => type).filter((type) => type.startsWith("endpoint"));
  const stateOf = (proxy: Proxy, endpoint: string) => proxy.status().upstreams.find((each) => each.endpoint === endpoint);

  async function echo(): Promise<string> {
    const upstream = cleanup.keep(await startUpstream("echo"));
    return upstream.endpoint;
  }

  /** One after the other, an endpoint that failed not being last any more. */
  const sessions = async ({ port, tick }: Bench, count: number): Promise<string[]> => {
    const answers: string[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      tick();
      answers.push(await exchangeOnce(port, "x").catch(() => "failed"));
    }
    return answers;
  };

  it("is ejected, with one record, one event, its state, and the attempts in the records of sessions", async () => {
    const [dead, alive] = [`127.0.0.1:${await freePort()}`, await echo()];
    const bench = await start(config([dead, alive], [retry({ attempts: 20, delay: 0, jitter: "none" })]));
    await eventually(async () => {
      expect(await sessions(bench, 2)).to.deep.equal(["x", "x"]);
      expect(stateOf(bench.proxy, dead)?.state).to.equal("down");
    });
    const state = stateOf(bench.proxy, dead);
    expect(state).to.deep.include({ listener: "web", endpoint: dead, state: "down", sessions: 0 });
    expect(state?.failures).to.be.at.least(5);
    expect(names(bench.events)).to.deep.equal(["endpoint-down"]);
    const down = bench.events.find(({ type }) => type === "endpoint-down");
    expect(down).to.deep.include({ listener: "web", endpoint: dead, failures: 5, code: "SLUICE_UPSTREAM_REFUSED", until: state?.until });
    const line = bench.log.of("endpoint down")[0];
    expect(line).to.deep.include({
      level: 40,
      listener: "web",
      endpoint: dead,
      failures: 5,
      code: "SLUICE_UPSTREAM_REFUSED",
      until: state?.until,
    });
    await eventually(() => expect(bench.proxy.sessions.size).to.equal(0));
    const retried = bench.records.find(({ attempts }) => attempts !== undefined);
    expect(retried?.attempts?.map(({ endpoint, code }) => [endpoint, code])).to.deep.equal([
      [dead, "SLUICE_UPSTREAM_REFUSED"],
      [alive, undefined],
    ]);
    expect(bench.records.filter(({ attempts }) => attempts === undefined)).to.not.have.length(0);
    // Survives a reload that changes the pipeline.
    await bench.proxy.apply(config([dead, alive], [retry({ attempts: 2 })]));
    expect(stateOf(bench.proxy, dead)?.state).to.equal("down");
    expect(await sessions(bench, 10)).to.deep.equal(Array(10).fill("x"));
    // And is forgotten with its endpoint.
    await bench.proxy.apply(config([alive], [retry({ attempts: 2 })]));
    expect(bench.proxy.status().upstreams.map(({ endpoint }) => endpoint)).to.deep.equal([alive]);
  });

  it("with all others: all are used, which is logged once and noted in the records", async () => {
    const dead = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const bench = await start(config(dead, [retry({ attempts: 30, delay: 0, jitter: "none" })]));
    expect(await sessions(bench, 3)).to.deep.equal(Array(3).fill("failed"));
    await eventually(() => expect(bench.records).to.have.length(3));
    expect(bench.records.map(({ panic }) => panic)).to.deep.equal([true, true, true]);
    expect(bench.records[2]?.attempts).to.have.length(30);
    expect(new Set(bench.records[2]?.attempts?.map(({ endpoint }) => endpoint))).to.deep.equal(new Set(dead));
    expect(bench.log.lines.filter((text) => text.includes("are down, so all of them are used"))).to.have.length(1);
    expect(names(bench.events)).to.deep.equal(["endpoint-down"]);
  });

  it("by a reset before its first byte counts as failed, but not after it", async () => {
    const resets = cleanup.keep(await startUpstream("reset"));
    const late = await startUpstream((socket) =>
      socket.once("data", () => socket.write("x", () => setImmediate(() => socket.resetAndDestroy()))),
    );
    cleanup.add(() => late.close());
    const bench = await start(config([resets.endpoint, late.endpoint]));
    await eventually(async () => {
      await sessions(bench, 2);
      expect(stateOf(bench.proxy, resets.endpoint)?.state).to.equal("down");
    });
    expect(stateOf(bench.proxy, late.endpoint)).to.deep.include({ state: "up", failures: 0 });
    expect(bench.events.find(({ type }) => type === "endpoint-down")).to.deep.include({ code: "SLUICE_UPSTREAM_RESET" });
  });

  it("behind http() has each request counted once, in the same state", async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const server = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nok"));
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    const alive = `127.0.0.1:${(server.address() as { port: number }).port}`;
    const bench = await start(config([dead, alive], [http()]));
    await eventually(async () => {
      bench.tick();
      expect((await ask(bench.port)).status).to.equal(200);
      expect(stateOf(bench.proxy, dead)?.state).to.equal("down");
    });
    expect(names(bench.events)).to.deep.equal(["endpoint-down"]);
    expect(stateOf(bench.proxy, alive)).to.deep.include({ state: "up", failures: 0, sessions: 0 });
  });

  it("over UDP has each flow counted once, and answers reset the count", async () => {
    const server = cleanup.keep(await startUdpEcho());
    const gone = await bindUdp();
    const dead = `127.0.0.1:${gone.address().port}`;
    gone.close();
    const bench = await start(config([dead, server.endpoint], [], "udp"));
    await eventually(
      async () => {
        bench.tick();
        const client = await startUdpClient(cleanup, bench.port);
        await client.ask("x", 200).catch(() => undefined);
        for (let again = 0; again < 3; again += 1) client.send("y");
        expect(stateOf(bench.proxy, dead)?.state).to.equal("down");
      },
      { within: 20_000 },
    );
    expect(bench.events.find(({ type }) => type === "endpoint-down")).to.deep.include({ failures: 5, code: "SLUICE_UPSTREAM_REFUSED" });
    expect(stateOf(bench.proxy, server.endpoint)).to.deep.include({ state: "up", failures: 0 });
  });

  it("that is its upstream's only one is never ejected, and its failures are counted until it opens", async () => {
    const port = await freePort();
    const bench = await start(config([`127.0.0.1:${port}`]));
    await sessions(bench, 7);
    await eventually(() =>
      expect(bench.proxy.status().upstreams).to.deep.include({
        listener: "web",
        endpoint: `127.0.0.1:${port}`,
        state: "up",
        sessions: 0,
        failures: 7,
        until: undefined,
      }),
    );
    await eventually(() => expect(bench.records[0]?.attempts).to.have.length(1));
    cleanup.keep(await startUpstream("echo", { port }));
    expect(await sessions(bench, 1)).to.deep.equal(["x"]);
    expect(bench.proxy.status().upstreams[0]?.failures).to.equal(0);
  });

  it("is put out as its upstream's `ejection` says, which follows a reload", async () => {
    const dead = `127.0.0.1:${await freePort()}`;
    const endpoints = [dead, await echo(), await echo()];
    const of = (ejection: NonNullable<UpstreamOptions["ejection"]>): SluiceConfig => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints, ejection } } },
    });
    const failed = (answers: readonly string[]): number => answers.filter((answer) => answer === "failed").length;
    const bench = await start(of(false));
    expect(failed(await sessions(bench, 21))).to.equal(7);
    await eventually(() => expect(stateOf(bench.proxy, dead)).to.deep.include({ state: "up", failures: 7 }));
    await bench.proxy.apply(of({ failures: 1, time: "1h" }));
    expect(stateOf(bench.proxy, dead)).to.deep.include({ state: "up", failures: 7 });
    expect(failed(await sessions(bench, 12))).to.equal(1);
    const down = bench.events.find(({ type }) => type === "endpoint-down");
    expect(down).to.deep.include({ endpoint: dead, failures: 8, code: "SLUICE_UPSTREAM_REFUSED", why: "failures" });
    const { since = 0, until = 0 } = stateOf(bench.proxy, dead) ?? {};
    expect(until - since).to.be.within(3_600_000, 3_960_000);
    await bench.proxy.apply(of(false));
    expect(stateOf(bench.proxy, dead)).to.deep.include({ state: "down", until });
    expect(names(bench.events)).to.deep.equal(["endpoint-down"]);
  });

  it("over UDP is put out as its upstream's `ejection` says", async () => {
    const server = cleanup.keep(await startUdpEcho());
    const gone = await bindUdp();
    const dead = `127.0.0.1:${gone.address().port}`;
    gone.close();
    const upstream = { endpoints: [dead, server.endpoint], ejection: { failures: 1 } };
    const bench = await start({ listeners: { web: { listen: "udp://127.0.0.1:0", upstream } } });
    await eventually(async () => {
      const client = await startUdpClient(cleanup, bench.port);
      await client.ask("x", 200).catch(() => undefined);
      expect(stateOf(bench.proxy, dead)?.state).to.equal("down");
    });
    expect(bench.events.find(({ type }) => type === "endpoint-down")).to.deep.include({ failures: 1, code: "SLUICE_UPSTREAM_REFUSED" });
  });

  it("has no load once it has finished, even if the client has not", async () => {
    const finishing = await startUpstream((socket) => socket.end("bye"));
    const lasting = await startUpstream("echo");
    for (const upstream of [finishing, lasting]) cleanup.add(() => upstream.close());
    const endpoints = [finishing.endpoint, lasting.endpoint];
    const listeners = { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints, balance: "least-connections" } } } as const;
    const bench = await start({ listeners });
    const open = async (): Promise<void> => {
      const socket = cleanup.keep(await connect(bench.port));
      socket.write("x");
      await eventOf(socket, "data");
    };
    for (let turn = 0; turn < 2; turn += 1) {
      await open();
    }
    await eventually(() => expect(stateOf(bench.proxy, finishing.endpoint)?.sessions).to.equal(0));
    expect(stateOf(bench.proxy, lasting.endpoint)?.sessions).to.equal(1);
    for (let turn = 0; turn < 3; turn += 1) {
      await eventually(() => expect(stateOf(bench.proxy, finishing.endpoint)?.sessions).to.equal(0));
      await open();
    }
    expect([finishing.connections, lasting.connections]).to.deep.equal([4, 1]);
  });
});
