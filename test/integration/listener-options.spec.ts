import { expect } from "chai";
import type { Socket } from "node:net";
import type { ListenerConfig, SluiceConfig } from "sluice";
import { echo } from "sluice/plugins";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { plugin, startProxy, type TestProxy } from "../support/with-proxy.ts";
import { NEVER } from "rxjs";

describe("The options of one listener", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const listener = (options: Partial<ListenerConfig> = {}): ListenerConfig => ({
    listen: "tcp://127.0.0.1:0",
    plugins: [echo()],
    ...options,
  });
  async function start(listeners: SluiceConfig["listeners"], more: Partial<SluiceConfig> = {}): Promise<TestProxy> {
    return cleanup.keep(await startProxy({ ...more, listeners }));
  }
  async function open(started: TestProxy, name: string): Promise<Socket> {
    const socket = cleanup.keep(await connect(started.port("web")));
    socket.write(name);
    return socket;
  }

  it("switch it off and on by a reload: the port refuses, and the sessions drain", async () => {
    const started = await start({ web: listener(), other: listener() });
    const port = started.port("web");
    const socket = await open(started, "a");
    await readBytes(socket, 1);
    await started.proxy.apply({ listeners: { web: listener({ enabled: false }), other: listener() } });
    expect(Object.keys(started.proxy.listeners)).to.deep.equal(["other"]);
    const refused = await connect(port).then(
      () => "open",
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect(refused).to.equal("ECONNREFUSED");
    socket.write("b");
    expect(String(await readBytes(socket, 1))).to.equal("b");
    await started.proxy.apply({ listeners: { web: listener({ enabled: true }), other: listener() } });
    expect(String(await readBytes(await open(started, "c"), 1))).to.equal("c");
  });

  it("limit its sessions, and refuse further ones at once", async () => {
    const started = await start({ web: listener({ limits: { sessions: 1 } }), other: listener() });
    const first = await open(started, "a");
    await readBytes(first, 1);
    const second = await open(started, "b");
    second.resume();
    await eventOf(second, "end");
    expect((await started.event("session-refused")).error.code).to.equal("SLUICE_LIMIT_SESSIONS");
    const elsewhere = cleanup.keep(await connect(started.port("other")));
    elsewhere.write("x");
    expect(String(await readBytes(elsewhere, 1))).to.equal("x");
    first.destroy();
    await started.ended();
    expect(String(await readBytes(await open(started, "c"), 1))).to.equal("c");
  });

  it("let clients wait in order; a client that leaves, or has waited too long, frees its slot", async () => {
    const started = await start({ web: listener({ limits: { sessions: 1, queue: { max: 2, timeout: "10s" } } }) });
    const first = await open(started, "a");
    await readBytes(first, 1);
    const [second, third] = [await open(started, "b"), await open(started, "c")];
    const fourth = await open(started, "d");
    fourth.resume();
    await eventOf(fourth, "end");
    second.resetAndDestroy();
    await started.event("session-refused", ({ error }) => error.code === "SLUICE_CLIENT_RESET");
    first.destroy();
    expect(String(await readBytes(third, 1))).to.equal("c");
    await started.proxy.apply({ listeners: { web: listener({ limits: { sessions: 1, queue: { timeout: "50ms" } } }) } });
    const late = await open(started, "e");
    late.resume();
    await eventOf(late, "end");
    await started.proxy.apply({ listeners: { web: listener({ limits: { sessions: 1, queue: {} } }) } });
    const waiting = await open(started, "f");
    await started.proxy.apply({ listeners: { web: listener({ limits: { sessions: 2 } }) } });
    expect(String(await readBytes(waiting, 1))).to.equal("f");
  });

  it("limit its flows over UDP", async () => {
    const started = await start({ web: listener({ listen: "udp://127.0.0.1:0", limits: { sessions: 1 } }) });
    const [one, two] = [await startUdpClient(cleanup, started.port()), await startUdpClient(cleanup, started.port())];
    await one.ask("x");
    await two.ask("y");
    await eventually(() => expect(started.proxy.sessions.size).to.equal(1));
    expect((await started.ended()).reason).to.equal("SLUICE_LIMIT_UDP_SESSIONS");
  });

  it("include its own timeouts", async () => {
    const idle = await start({ web: listener({ timeouts: { idle: "100ms" } }), other: listener() }, { timeouts: { idle: "1h" } });
    const [web, other] = [await connect(idle.port("web")), await connect(idle.port("other"))];
    for (const socket of [web, other]) cleanup.add(() => void socket.destroy());
    web.resume();
    await eventOf(web, "end");
    expect((await idle.ended()).listener).to.equal("web");
    other.write("x");
    expect(String(await readBytes(other, 1))).to.equal("x");
    const slow = { listen: "tcp://127.0.0.1:0", upstream: "slow.test:1", timeouts: { connect: "50ms" } } as const;
    const names = plugin("names", { resolve: () => NEVER });
    const hanging = await start({ web: { ...slow, plugins: [names] } });
    const waiting = await connect(hanging.port());
    waiting.resume();
    await eventOf(waiting, "end");
    expect((await hanging.ended("SLUICE_UPSTREAM_TIMEOUT")).durationMs).to.be.lessThan(4_000);
  });
});
