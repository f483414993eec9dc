import { expect } from "chai";
import { each } from "sluice/flow";
import type { ListenerConfig, SluiceConfig } from "sluice";
import { startUpstream } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { both } from "../support/shapes.ts";
import { connect, freePort, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp, startUdpEcho } from "../support/with-echo-server.ts";
import { startProxy } from "../support/with-proxy.ts";
import type { TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

async function start(upstream: string, more: Partial<SluiceConfig> = {}, listener: Partial<ListenerConfig> = {}): Promise<TestProxy> {
  return cleanup.keep(await startProxy({ ...more, listeners: { dns: { listen: "udp://127.0.0.1:0", upstream, ...listener } } }));
}

async function startEcho(): ReturnType<typeof startUdpEcho> {
  return cleanup.keep(await startUdpEcho());
}

describe("UDP sessions", () => {
  it("keeps the source port towards the upstream while plugins change, and applies each change", async () => {
    const echo = await startEcho();
    const { proxy, port, all } = await start(echo.endpoint);
    const client = await startUdpClient(cleanup, port());
    const upper = (): ReturnType<typeof both> =>
      both("upper", (data) => data.pipe(each((chunk) => Buffer.from(chunk.toString().toUpperCase()))));
    for (let turn = 0; turn < 20; turn += 1) {
      expect((await client.ask("ping")).toString()).to.equal(turn % 2 === 1 ? "PING" : "ping");
      await proxy.apply({
        listeners: { dns: { listen: "udp://127.0.0.1:0", upstream: echo.endpoint, plugins: turn % 2 === 0 ? [upper()] : [] } },
      });
    }
    expect(echo.sources.size, "source ports").to.equal(1);
    expect(all("session-started")).to.have.length(1);
  });

  it("evicts the flow that has been idle longest when the table is full", async () => {
    const echo = await startEcho();
    const { port, proxy, ended } = await start(echo.endpoint, { limits: { udpSessions: 3 } });
    const [first, second, third, fourth] = await Promise.all([0, 1, 2, 3].map(() => startUdpClient(cleanup, port())));
    for (const client of [first, second, third, first]) {
      await client?.ask("hello");
    }
    await fourth?.ask("hello");
    const record = await ended();
    expect([record.reason, record.client]).to.deep.equal(["SLUICE_LIMIT_UDP_SESSIONS", `127.0.0.1:${second?.port}`]);
    expect(proxy.sessions.size).to.equal(3);
    expect(String(await second?.ask("again"))).to.equal("again");
    await eventually(() => expect(proxy.sessions.size).to.equal(3));
  });

  it("ends an idle flow, closes its upstream socket, and delivers a late reply to no client", async () => {
    const upstream = await bindUdp();
    cleanup.add(() => new Promise<void>((resolve) => void upstream.close(resolve)));
    const { port, ended, proxy } = await start(`127.0.0.1:${upstream.address().port}`, { timeouts: { udpIdle: 100 } });
    const client = await startUdpClient(cleanup, port());
    const question = eventOf(upstream, "message");
    client.send("question");
    const [, from] = (await question) as [Buffer, { readonly port: number }];
    const record = await ended();
    expect(record.reason).to.equal("SLUICE_IDLE_TIMEOUT");
    expect(record.durationMs).to.be.at.least(90);
    expect(proxy.sessions.size).to.equal(0);
    upstream.send("late", from.port, "127.0.0.1");
    upstream.once("message", (_datagram: Buffer, to: { readonly port: number }) => upstream.send("fresh", to.port, "127.0.0.1"));
    expect((await client.ask("again")).toString()).to.equal("fresh");
    expect(client.received.map(String)).to.deep.equal(["fresh"]);
  });

  it("does not treat a flow as idle while either side uses it", async () => {
    const echo = await startEcho();
    const { port, all } = await start(echo.endpoint, { timeouts: { udpIdle: 150 } });
    const client = await startUdpClient(cleanup, port());
    const until = performance.now() + 400;
    await eventually(async () => {
      await client.ask("hello");
      expect(performance.now()).to.be.above(until);
    });
    expect(all("session-started")).to.have.length(1);
  });

  it("answers again on the same session when an unreachable upstream is reachable again", async () => {
    const away = await freePort();
    const { port, all } = await start(`127.0.0.1:${away}`);
    const client = await startUdpClient(cleanup, port());
    for (let turn = 0; turn < 5; turn += 1) client.send("lost");
    await eventually(() => expect(all("session-started")).to.have.length(1));
    const upstream = await bindUdp(away);
    cleanup.add(() => new Promise<void>((resolve) => void upstream.close(resolve)));
    upstream.on("message", (datagram, from) => upstream.send(datagram, from.port, from.address));
    await eventually(async () => expect((await client.ask("back", 200)).toString()).to.equal("back"));
    expect(all("session-started")).to.have.length(1);
    expect(all("session-ended")).to.have.length(0);
  });

  it("ends the flows of a removed listener at once", async () => {
    const echo = await startEcho();
    const { port, proxy, ended } = await start(echo.endpoint);
    const client = await startUdpClient(cleanup, port());
    await client.ask("hello");
    await proxy.apply({ listeners: { other: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9" } } });
    expect((await ended()).listener).to.equal("dns");
    expect(proxy.sessions.size).to.equal(0);
  });

  it("serves TCP and UDP on one port number", async () => {
    const echo = await startEcho();
    const upstream = cleanup.keep(await startUpstream("echo"));
    const port = await freePort();
    const { proxy } = await startProxy({
      listeners: {
        dns: { listen: `udp://127.0.0.1:${port}`, upstream: echo.endpoint },
        web: { listen: `tcp://127.0.0.1:${port}`, upstream: upstream.endpoint },
      },
    });
    cleanup.add(() => proxy.close());
    const client = await connect(port);
    client.write("hello");
    expect(String(await readBytes(client, 5))).to.equal("hello");
    expect(String(await (await startUdpClient(cleanup, port)).ask("hello"))).to.equal("hello");
    client.destroy();
  });
});
