import { expect } from "chai";
import { each } from "sluice/flow";
import type { ListenerConfig, ListenerLimitsConfig } from "sluice";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { refusalOf } from "../support/rejection.ts";
import { both } from "../support/shapes.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { startProxy } from "../support/with-proxy.ts";
import type { TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

/** A server that sends the number of its client's port, as many times as the datagram says. */
async function startServer(): Promise<{ readonly endpoint: string; readonly sources: Set<number> }> {
  const socket = await bindUdp();
  cleanup.add(() => new Promise<void>((resolve) => void socket.close(resolve)));
  const sources = new Set<number>();
  socket.on("message", (datagram, { port, address }) => {
    sources.add(port);
    for (let reply = 0; reply < Number(String(datagram)); reply += 1) socket.send(String(port), port, address);
  });
  return { endpoint: `127.0.0.1:${socket.address().port}`, sources };
}

async function start(upstream: string, limits: ListenerLimitsConfig, more: Partial<ListenerConfig> = {}): Promise<TestProxy> {
  return cleanup.keep(await startProxy({ listeners: { dns: { listen: "udp://127.0.0.1:0", upstream, limits, ...more } } }));
}

describe("limits.replies and limits.datagrams of a UDP listener", () => {
  it("end a flow as a normal end, once its datagram has its reply", async () => {
    const server = await startServer();
    const { proxy, port, ended } = await start(server.endpoint, { replies: 1 });
    const client = await startUdpClient(cleanup, port());
    await client.ask("1");
    const { reason, fromClient, fromUpstream } = await ended();
    expect([reason, fromClient.chunks, fromUpstream.chunks]).to.deep.equal(["closed", 1, 1]);
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
  });

  it("wait for the replies to every datagram", async () => {
    const server = await startServer();
    const { port, all, ended } = await start(server.endpoint, { replies: 2 });
    const client = await startUdpClient(cleanup, port());
    client.send("0");
    await client.ask("2");
    await eventually(() => expect(client.received).to.have.length(2));
    expect(all("session-ended"), "ended with one datagram unanswered").to.have.length(0);
    await client.ask("4");
    expect((await ended()).fromUpstream.chunks).to.equal(6);
  });

  it("begin another flow with the datagram after the last one, while the first flow still gets its replies", async () => {
    const server = await startServer();
    const { proxy, port, all } = await start(server.endpoint, { datagrams: 2 });
    const client = await startUdpClient(cleanup, port());
    for (const times of ["1", "1", "3", "1", "1"]) client.send(times);
    await eventually(() => expect(client.received).to.have.length(7));
    expect(server.sources.size, "source ports").to.equal(3);
    expect(all("session-started")).to.have.length(3);
    expect(proxy.sessions.size, "without limits.replies they stay until they are idle").to.equal(3);
  });

  it("with both, keep a flow until it has its datagrams and all their replies", async () => {
    const server = await startServer();
    const { port, all } = await start(server.endpoint, { datagrams: 2, replies: 1 });
    const client = await startUdpClient(cleanup, port());
    const first = String(await client.ask("1"));
    expect(String(await client.ask("1"))).to.equal(first);
    expect(String(await client.ask("1"))).not.to.equal(first);
    await eventually(() => expect(all("session-ended").map(({ record }) => record.reason)).to.deep.equal(["closed"]));
  });

  it("count full flows among limits.sessions: the one idle longest is evicted", async () => {
    const server = await startServer();
    const { proxy, port, ended } = await start(server.endpoint, { datagrams: 1, sessions: 3 });
    const client = await startUdpClient(cleanup, port());
    for (let turn = 0; turn < 4; turn += 1) await client.ask("1");
    expect((await ended()).reason).to.equal("SLUICE_LIMIT_UDP_SESSIONS");
    await eventually(() => expect(proxy.sessions.size).to.equal(3));
  });

  it("end full flows that are idle", async () => {
    const server = await startServer();
    const { proxy, port } = await start(server.endpoint, { datagrams: 1 }, { timeouts: { udpIdle: "50ms" } });
    const client = await startUdpClient(cleanup, port());
    for (let turn = 0; turn < 2; turn += 1) await client.ask("1");
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
  });

  it("let operators send what they hold before the flow ends", async () => {
    const server = await startServer();
    const slow = both("slow", (data) => data.pipe(each((chunk) => new Promise((resolve) => setImmediate(resolve, chunk)))));
    const { port, ended } = await start(server.endpoint, { replies: 1 }, { plugins: [slow] });
    const client = await startUdpClient(cleanup, port());
    await client.ask("1");
    expect((await ended()).reason).to.equal("closed");
  });

  it("are taken over by open flows at a reload", async () => {
    const server = await startServer();
    const { proxy, port, ended } = await start(server.endpoint, {});
    const client = await startUdpClient(cleanup, port());
    await client.ask("1");
    await proxy.apply({ listeners: { dns: { listen: "udp://127.0.0.1:0", upstream: server.endpoint, limits: { replies: 1 } } } });
    await client.ask("1");
    expect((await ended()).fromUpstream.chunks).to.equal(2);
  });

  it("are refused on a listener of streams", async () => {
    const listeners = { web: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:1", limits: { datagrams: 1, replies: 1 } } };
    const { message } = await refusalOf(startProxy({ listeners }));
    for (const option of ["datagrams", "replies"])
      expect(message).to.contain(`listeners.web.limits.${option}: expected nothing on a tcp listener: it has no datagrams`);
  });
});
