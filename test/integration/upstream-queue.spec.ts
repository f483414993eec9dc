import { expect } from "chai";
import { createServer, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { SluiceConfig, UpstreamOptions } from "sluice";
import { http } from "sluice/plugins";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { connect, portOf, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { startUdpEcho } from "../support/with-echo-server.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";
import { startUpstream } from "../support/with-upstream.ts";

describe("An upstream whose endpoints have reached their limit of sessions", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(
    upstream: Omit<UpstreamOptions, "endpoints">,
    plugins: SluiceConfig["plugins"] = [],
    address?: string,
  ): Promise<TestProxy> {
    const server = address === undefined ? await startUpstream("echo") : undefined;
    if (server !== undefined) cleanup.add(() => server.close());
    const endpoints = [{ address: address ?? server?.endpoint ?? "", maxSessions: 1 }];
    const started = await startProxy({
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints, ...upstream }, plugins } },
    });
    cleanup.add(() => started.proxy.close());
    return started;
  }
  async function client(started: TestProxy, name: string): Promise<Socket> {
    const socket = await connect(started.port());
    cleanup.add(() => void socket.destroy());
    socket.write(name);
    return socket;
  }
  const waits = (started: TestProxy, count: number) => eventually(() => expect(started.proxy.sessions.size).to.equal(count));

  it("ends a further session at once with SLUICE_UPSTREAM_BUSY", async () => {
    const started = await start({});
    const first = await client(started, "a");
    await readBytes(first, 1);
    const second = await client(started, "b");
    second.resume();
    await eventOf(second, "end");
    expect((await started.ended("SLUICE_UPSTREAM_BUSY")).upstream).to.equal(undefined);
  });

  it("serves waiting clients in the order in which they came, and a client that leaves frees its slot", async () => {
    const started = await start({ queue: { max: 3, timeout: "10s" } });
    const first = await client(started, "a");
    await readBytes(first, 1);
    const waiting: Socket[] = [];
    for (const name of ["b", "c", "d"]) {
      waiting.push(await client(started, name));
      await waits(started, waiting.length + 1);
    }
    const [b, c, d] = waiting as [Socket, Socket, Socket];
    const tooMany = await client(started, "e");
    tooMany.resume();
    await eventOf(tooMany, "end");
    c.resetAndDestroy();
    await started.ended("SLUICE_CLIENT_RESET");
    const order: string[] = [];
    b.on("data", (data) => order.push(String(data)));
    d.on("data", (data) => order.push(String(data)));
    first.destroy();
    await eventually(() => expect(order).to.deep.equal(["b"]));
    b.destroy();
    await eventually(() => expect(order).to.deep.equal(["b", "d"]));
  });

  it("lets no client wait longer than queue.timeout", async () => {
    const started = await start({ queue: { timeout: "50ms" } });
    await readBytes(await client(started, "a"), 1);
    const late = await client(started, "b");
    late.resume();
    await eventOf(late, "end");
    expect((await started.ended("SLUICE_UPSTREAM_BUSY")).durationMs).to.be.at.least(45);
  });

  it("keeps the order of the waiting clients over a reload", async () => {
    const server = await startUpstream("echo");
    cleanup.add(() => server.close());
    const of = (max: number): SluiceConfig => {
      const upstream = { endpoints: [{ address: server.endpoint, maxSessions: 1 }], queue: { max, timeout: "10s" } };
      return { listeners: { web: { listen: "tcp://127.0.0.1:0", upstream } } };
    };
    const started = await startProxy(of(5));
    cleanup.add(() => started.proxy.close());
    const first = await client(started, "a");
    await readBytes(first, 1);
    const second = await client(started, "b");
    await waits(started, 2);
    await started.proxy.apply(of(6));
    const third = await client(started, "c");
    await waits(started, 3);
    first.destroy();
    expect(String(await readBytes(second, 1))).to.equal("b");
    second.destroy();
    expect(String(await readBytes(third, 1))).to.equal("c");
  });

  it("lets HTTP requests wait, and answers 503 without a queue", async () => {
    const open: ServerResponse[] = [];
    const server = createServer((_request, response) => void open.push(response));
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    const address = `127.0.0.1:${portOf(server)}`;
    const [queued, refusing] = [await start({ queue: {} }, [http()], address), await start({}, [http()], address)];
    for (const [started, status] of [
      [queued, 200],
      [refusing, 503],
    ] as const) {
      const first = ask(started.port());
      await eventually(() => expect(open).to.have.length(1));
      const second = ask(started.port());
      if (status === 503) expect((await second).status).to.equal(503);
      open.shift()?.end("x");
      expect((await first).status).to.equal(200);
      if (status === 503) continue;
      await eventually(() => expect(open).to.have.length(1));
      open.shift()?.end("x");
      expect((await second).status).to.equal(200);
    }
  });

  it("refuses UDP flows", async () => {
    const echo = await startUdpEcho();
    cleanup.add(() => echo.close());
    const upstream = { endpoints: [{ address: echo.endpoint, maxSessions: 1 }], queue: {} };
    const started = await startProxy({ listeners: { web: { listen: "udp://127.0.0.1:0", upstream } } });
    cleanup.add(() => started.proxy.close());
    const first = await startUdpClient(cleanup, started.port());
    await first.ask("x");
    const second = await startUdpClient(cleanup, started.port());
    second.send("y");
    await started.ended("SLUICE_UPSTREAM_BUSY");
    expect(String(await first.ask("z"))).to.equal("z");
  });
});
