import { expect } from "chai";
import type { ServerResponse } from "node:http";
import type { PluginUse, QueueConfig, UpstreamOptions } from "sluice";
import { http, retry } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask, type Answer } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { connect, freePort, readBytes } from "../support/sockets.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

describe("Room at an upstream", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** Answers when the test says so. */
  async function startSlow(): Promise<{ readonly endpoint: string; readonly open: ServerResponse[]; readonly asked: readonly string[] }> {
    const open: ServerResponse[] = [];
    const { endpoint, asked } = await startHttpUpstream(cleanup, (request, response) => {
      request.resume();
      open.push(response);
    });
    return { endpoint, open, asked };
  }

  /** Nobody listens at the first endpoint, and the second takes one at a time. */
  async function pairWith(address: string, queue: QueueConfig, dead?: number): Promise<UpstreamOptions> {
    return {
      endpoints: [`127.0.0.1:${dead ?? (await freePort())}`, { address, maxSessions: 1 }],
      balance: "round-robin",
      ejection: false,
      queue,
    };
  }

  const hasFailed = (started: TestProxy) => eventually(() => expect(failuresOf(started)).to.be.above(1));
  const failuresOf = ({ proxy }: TestProxy): number => Math.max(...proxy.status().upstreams.map(({ failures }) => failures));

  describe("for a request whose endpoint failed, while the other is full,", () => {
    const ways: Record<string, readonly PluginUse[]> = {
      "sent to the next endpoint": [],
      "tried again by retry()": [retry({ delay: 0 })],
    };
    for (const [how, before] of Object.entries(ways)) {
      async function startFull(queue: QueueConfig) {
        const { endpoint, open, asked } = await startSlow();
        const started = await startHttpProxy(cleanup, {}, { before, listener: { upstream: await pairWith(endpoint, queue) } });
        const first: Promise<Answer> = ask(started.port(), { path: "/first" });
        await eventually(() => expect(open).to.have.length(1));
        return { started, open, asked, first };
      }

      const requests = {
        "a GET": { path: "/second" },
        "a POST": { path: "/second", method: "POST", body: "x".repeat(20_000) },
        "a long POST": { path: "/second", method: "POST", body: "x".repeat(3_000_000) },
      };
      for (const [what, request] of Object.entries(requests))
        it(`is waited for, if it is ${what} and ${how}`, async () => {
          const { started, open, first } = await startFull({ timeout: "10s" });
          const second = ask(started.port(), request);
          await hasFailed(started);
          open.shift()?.end("x");
          expect((await first).status).to.equal(200);
          await eventually(() => expect(open).to.have.length(1));
          open.shift()?.end("y");
          expect((await second).status).to.equal(200);
        });

      it(`that does not come in time is answered with 503, if it is ${how}`, async () => {
        const { started, open, first, asked } = await startFull({ timeout: "50ms" });
        expect((await ask(started.port(), { path: "/second" })).status).to.equal(503);
        open.shift()?.end("x");
        expect((await first).status).to.equal(200);
        expect(asked).to.deep.equal(["GET /first"]);
      });
    }
  });

  it("is waited for by a session that retry() opens again", async () => {
    const server = cleanup.keep(await startUpstream("echo"));
    const upstream = await pairWith(server.endpoint, { timeout: "10s" });
    const plugins = [retry({ delay: 0, attempts: 2 })];
    const started = cleanup.keep(await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream, plugins } } }));
    const first = cleanup.keep(await connect(started.port()));
    first.write("a");
    await readBytes(first, 1);
    const second = cleanup.keep(await connect(started.port()));
    second.write("b");
    await hasFailed(started);
    first.destroy();
    expect(String(await readBytes(second, 1))).to.equal("b");
  });

  it("at an endpoint that a waiting session has tried already is given to a new one", async () => {
    const server = cleanup.keep(await startUpstream("echo"));
    const port = await freePort();
    const upstream = await pairWith(server.endpoint, { timeout: "10s" }, port);
    const plugins = [retry({ delay: 0, attempts: 2 })];
    const started = cleanup.keep(await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream, plugins } } }));
    const first = cleanup.keep(await connect(started.port()));
    first.write("a");
    await readBytes(first, 1);
    const waiting = cleanup.keep(await connect(started.port()));
    waiting.write("b");
    await hasFailed(started);
    cleanup.keep(await startUpstream("echo", { port }));
    const last = cleanup.keep(await connect(started.port()));
    last.write("c");
    expect(String(await readBytes(last, 1))).to.equal("c");
    first.destroy();
    expect(String(await readBytes(waiting, 1))).to.equal("b");
  });

  it("is kept by a request that is sent again, as a kept connection was closed", async () => {
    const open: ServerResponse[] = [];
    const asked: string[] = [];
    const seen = new WeakSet<object>();
    // Answers one request on each connection, and breaks off when another one comes.
    const { endpoint } = await startHttpUpstream(cleanup, ({ socket, url = "" }, response) => {
      if (seen.has(socket)) {
        socket.resetAndDestroy();
        return;
      }
      seen.add(socket);
      asked.push(url);
      open.push(response);
    });
    const upstream = { endpoints: [{ address: endpoint, maxSessions: 1 }], queue: { max: 3, timeout: "10s" } } as const;
    const started = await startHttpProxy(cleanup, {}, { listener: { upstream } });
    const answers: Promise<Answer>[] = [];
    const paths = ["/1", "/2", "/3", "/4"];
    for (const path of paths) {
      answers.push(ask(started.port(), { path }));
      await eventually(() => expect(started.proxy.sessions.size).to.equal(answers.length));
    }
    for (let count = 1; count <= paths.length; count += 1) {
      await eventually(() => expect(asked).to.have.length(count));
      open.shift()?.end("x");
    }
    for (const answer of answers) expect((await answer).status).to.equal(200);
    expect(asked).to.deep.equal(paths);
  });

  it("is shared in the order of arrival by upstreams that share an endpoint", async () => {
    const { endpoint, open, asked } = await startSlow();
    const upstream = { endpoints: [{ address: endpoint, maxSessions: 1 }], queue: { timeout: "10s" } } as const;
    const routes = ["/a", "/b"].map((path) => ({ path, upstream }));
    const plugins = [http({ routes })];
    const started = cleanup.keep(await startProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } }));
    const answers: Promise<Answer>[] = [];
    const paths = ["/a1", "/a2", "/b1", "/a3", "/b2"];
    for (const path of paths) {
      answers.push(ask(started.port(), { path: path.replace(/\d/, "/$&") }));
      await eventually(() => expect(started.proxy.sessions.size).to.equal(answers.length));
    }
    for (let count = 1; count <= paths.length; count += 1) {
      await eventually(() => expect(asked).to.have.length(count));
      open.shift()?.end("x");
    }
    for (const answer of answers) expect((await answer).status).to.equal(200);
    expect(asked).to.deep.equal(["GET /a/1", "GET /a/2", "GET /b/1", "GET /a/3", "GET /b/2"]);
  });
});
