import { expect } from "chai";
import { createServer, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { definePlugin } from "sluice";
import type { SluiceConfig, UpstreamOptions } from "sluice";
import { http } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { connect, portOf, readBytes } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { startUdpEcho } from "../support/with-echo-server.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

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
    const socket = cleanup.keep(await connect(started.port()));
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
    const server = cleanup.keep(await startUpstream("echo"));
    const of = (max: number): SluiceConfig => {
      const upstream = { endpoints: [{ address: server.endpoint, maxSessions: 1 }], queue: { max, timeout: "10s" } };
      return { listeners: { web: { listen: "tcp://127.0.0.1:0", upstream } } };
    };
    const started = cleanup.keep(await startProxy(of(5)));
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

  describe("and a reload that changes the upstream", () => {
    const ways: Record<string, (a: string, b: string) => UpstreamOptions> = {
      "allows more sessions": (a) => ({ endpoints: [{ address: a, maxSessions: 2 }], queue: { timeout: "15s" } }),
      "allows any number of sessions, without a queue": (a) => ({ endpoints: [a] }),
      "adds an endpoint": (a, b) => ({ endpoints: [{ address: a, maxSessions: 1 }, b], queue: { timeout: "15s" } }),
      "names another endpoint, with the PROXY protocol": (_a, b) => ({
        endpoints: [{ address: b, maxSessions: 9 }],
        queue: { timeout: "15s" },
        proxyProtocol: "v1",
      }),
    };
    for (const [what, changed] of Object.entries(ways)) {
      it(`serves those that wait at once, when it ${what}`, async () => {
        const [a, b] = [await startUpstream("echo"), await startUpstream("echo")];
        cleanup.add(() => Promise.all([a.close(), b.close()]).then(() => undefined));
        const of = (upstream: UpstreamOptions): SluiceConfig => ({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream } } });
        const started = await startProxy(of({ endpoints: [{ address: a.endpoint, maxSessions: 1 }], queue: { timeout: "15s" } }));
        cleanup.add(() => started.proxy.close());
        await readBytes(await client(started, "a"), 1);
        const second = await client(started, "b");
        await waits(started, 2);
        const next = changed(a.endpoint, b.endpoint);
        await started.proxy.apply(of(next));
        const expected = next.proxyProtocol === undefined ? "b" : "PROXY TCP4 127.0.0.1";
        expect(String(await readBytes(second, expected.length))).to.equal(expected);
      });
    }

    it("keeps the queue as it is when it is refused", async () => {
      const server = cleanup.keep(await startUpstream("echo"));
      const of = (queue: number, plugins: SluiceConfig["plugins"] = []): SluiceConfig => ({
        listeners: {
          web: {
            listen: "tcp://127.0.0.1:0",
            upstream: { endpoints: [{ address: server.endpoint, maxSessions: 1 }], queue: { max: queue, timeout: "15s" } },
            plugins,
          },
        },
      });
      const started = cleanup.keep(await startProxy(of(1)));
      await readBytes(await client(started, "a"), 1);
      const refusing = definePlugin("refusing", () => ({ setup: () => Promise.reject(new Error("no")) }));
      expect(await started.proxy.apply(of(9, [refusing()])).catch((error: unknown) => error)).to.be.instanceOf(Error);
      await client(started, "b");
      await waits(started, 2);
      const third = await client(started, "c");
      third.resume();
      await eventOf(third, "end");
    });

    it("serves HTTP requests that wait, when it allows more", async () => {
      const open: ServerResponse[] = [];
      const server = createServer((_request, response) => void open.push(response));
      server.listen(0, "127.0.0.1");
      await eventOf(server, "listening");
      cleanup.add(() => void server.close());
      const of = (maxSessions: number): SluiceConfig => ({
        listeners: {
          web: {
            listen: "tcp://127.0.0.1:0",
            upstream: { endpoints: [{ address: `127.0.0.1:${portOf(server)}`, maxSessions }], queue: { timeout: "15s" } },
            plugins: [http()],
          },
        },
      });
      const started = cleanup.keep(await startProxy(of(1)));
      const first = ask(started.port());
      await eventually(() => expect(open).to.have.length(1));
      const second = ask(started.port());
      await waits(started, 2);
      await started.proxy.apply(of(2));
      await eventually(() => expect(open).to.have.length(2));
      for (const response of open) response.end("x");
      expect([(await first).status, (await second).status]).to.deep.equal([200, 200]);
    });
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
    const echo = cleanup.keep(await startUdpEcho());
    const upstream = { endpoints: [{ address: echo.endpoint, maxSessions: 1 }], queue: {} };
    const started = cleanup.keep(await startProxy({ listeners: { web: { listen: "udp://127.0.0.1:0", upstream } } }));
    const first = await startUdpClient(cleanup, started.port());
    await first.ask("x");
    const second = await startUdpClient(cleanup, started.port());
    second.send("y");
    await started.ended("SLUICE_UPSTREAM_BUSY");
    expect(String(await first.ask("z"))).to.equal("z");
  });
});
