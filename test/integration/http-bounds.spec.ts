import { expect } from "chai";
import type { ServerResponse } from "node:http";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { connect, readBytes } from "../support/sockets.ts";

const MiB = 1024 * 1024;
/** What the kernel's buffers on both sides, and the proxy's own, may take. */
const buffersMiB = 24;

/** Waits until a number has stood still for a while. */
async function settled(read: () => number): Promise<number> {
  let last = -1;
  await eventually(
    async () => {
      const before = last;
      last = read();
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(read()).to.equal(before);
    },
    { within: 15_000 },
  );
  return last;
}

describe("The bounds of http()", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("stop an upstream whose client does not read", async () => {
    const block = Buffer.alloc(MiB);
    let sent = 0;
    const upstream = await startHttpUpstream(cleanup, (_request, response) => {
      const more = (): void => {
        while (sent < 400 * MiB) {
          sent += block.length;
          if (!response.write(block)) {
            response.once("drain", more);
            return;
          }
        }
        response.end();
      };
      more();
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const socket = cleanup.keep(await connect(port()));
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect((await settled(() => sent)) / MiB).to.be.within(0.1, buffersMiB);
  });

  it("stop a client whose upstream does not read", async () => {
    let taken = 0;
    const upstream = await startHttpUpstream(cleanup, (request) => {
      request.pause();
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const socket = cleanup.keep(await connect(port()));
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${400 * MiB}\r\n\r\n`);
    const block = Buffer.alloc(MiB);
    const more = (): void => {
      if (taken >= 400 * MiB) return;
      socket.write(block, () => {
        taken += block.length;
        more();
      });
    };
    more();
    expect((await settled(() => taken)) / MiB).to.be.within(0.1, buffersMiB);
  });

  describe("on connections are shared by requests with a body and without", () => {
    /** An upstream that answers when it is told to, and a proxy that may have so many connections to it. */
    async function holding(connections: number) {
      const held = new Map<string, ServerResponse>();
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.url === "/now") response.end();
        else held.set(request.url ?? "", response);
      });
      const { port } = await startHttpProxy(cleanup, {
        limits: { connections, connectionsPerClient: connections },
        routes: [{ upstream: upstream.endpoint }],
      });
      const status = async (path: string, method: string): Promise<number> =>
        (await ask(port(), method === "GET" ? { path } : { path, method, body: "x" })).status;
      const arrived = (...paths: readonly string[]): Promise<unknown> =>
        eventually(() => expect([...held.keys()]).to.include.members(paths), { what: `the arrival of ${paths.join(" ")}` });
      return { upstream, status, arrived, release: (path: string) => void held.get(path)?.end() };
    }

    for (const [kind, other] of [
      ["GET", "PUT"],
      ["PUT", "GET"],
    ] as const) {
      it(`${kind}: idle connections of the other kind are closed when one is needed`, async () => {
        const { upstream, status, arrived, release } = await holding(4);
        expect(await Promise.all(Array.from({ length: 4 }, () => status("/now", other)))).to.deep.equal([200, 200, 200, 200]);
        const paths = ["/1", "/2", "/3", "/4"];
        const answers = paths.map((path) => status(path, kind));
        await arrived(...paths);
        for (const path of paths) release(path);
        expect(await Promise.all(answers)).to.deep.equal([200, 200, 200, 200]);
        expect(upstream.open()).to.be.at.most(4);
      });

      it(`${kind}: a waiting request is sent when a connection of the other kind is free`, async () => {
        const { upstream, status, arrived, release } = await holding(2);
        const long = status("/long", kind);
        await arrived("/long");
        const answered = status("/other", other);
        await arrived("/other");
        const waiting = status("/waiting", kind);
        expect(upstream.open()).to.equal(2);
        release("/other");
        expect(await answered).to.equal(200);
        await arrived("/waiting");
        expect(upstream.open()).to.be.at.most(2);
        for (const path of ["/long", "/waiting"]) release(path);
        expect([await long, await waiting]).to.deep.equal([200, 200]);
      });
    }
  });

  it("leave nothing once the proxy is closed: no socket, no timer", async () => {
    const resources = async (): Promise<string[]> => {
      await new Promise((resolve) => setImmediate(resolve));
      return process
        .getActiveResourcesInfo()
        .filter((name) => name !== "Immediate")
        .toSorted((a, b) => a.localeCompare(b));
    };
    const upstream = await startHttpUpstream(cleanup);
    const before = await resources();
    const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    await Promise.all(Array.from({ length: 20 }, (_, at) => ask(port(), at % 2 === 0 ? {} : { method: "PUT", body: "x" })));
    await proxy.close();
    await eventually(async () => expect(await resources()).to.deep.equal(before));
    expect(upstream.open()).to.equal(0);
  });

  it("end a connection whose client has finished sending and whose response does not come for a while", async () => {
    const upstream = await startHttpUpstream(cleanup, (_request, response) => {
      response.write("the first event");
    });
    const { port, proxy } = await startHttpProxy(cleanup, { timeouts: { halfClosed: "50ms" }, routes: [{ upstream: upstream.endpoint }] });
    const socket = cleanup.keep(await connect(port()));
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await readBytes(socket, 12);
    socket.end();
    await eventually(() => expect([proxy.sessions.size, upstream.open()]).to.deep.equal([0, 0]));
  });

  it("with waiting: 0 refuse requests that would wait for a connection, and serve the others", async () => {
    const upstream = await startHttpUpstream(cleanup, () => undefined);
    const limits = { connections: 2, connectionsPerClient: 2, waiting: 0 };
    const { port } = await startHttpProxy(cleanup, { limits, timeouts: { response: "1s" }, routes: [{ upstream: upstream.endpoint }] });
    const statuses = await Promise.all(Array.from({ length: 5 }, async () => (await ask(port())).status));
    expect(statuses.toSorted((a, b) => a - b)).to.deep.equal([503, 503, 503, 504, 504]);
  });

  it("keep no idle connection to an upstream if none may be kept", async () => {
    const upstream = await startHttpUpstream(cleanup);
    for (const options of [{ timeouts: { idleConnection: 0 } }, { limits: { idleConnections: 0 } }]) {
      const { port } = await startHttpProxy(cleanup, { ...options, routes: [{ upstream: upstream.endpoint }] });
      for (const parts of [{}, { method: "PUT", body: "x".repeat(100_000) }]) {
        expect((await ask(port(), parts)).status).to.equal(200);
        await eventually(() => expect(upstream.open()).to.equal(0));
      }
    }
  });

  it("allow a longer wait for an answer than for an idle connection", async () => {
    const upstream = await startHttpUpstream(cleanup, (_request, response) => {
      setTimeout(() => response.end("late"), 300);
    });
    const { port } = await startHttpProxy(cleanup, { timeouts: { idleConnection: "50ms" }, routes: [{ upstream: upstream.endpoint }] });
    expect((await ask(port())).body).to.equal("late");
  });

  it("close connections to an upstream that have been idle for a while", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { timeouts: { idleConnection: "100ms" }, routes: [{ upstream: upstream.endpoint }] });
    await Promise.all(Array.from({ length: 5 }, () => ask(port())));
    expect(upstream.connections).to.be.at.least(1);
    await eventually(() => expect(upstream.open()).to.equal(0));
    expect((await ask(port())).status).to.equal(200);
  });
});
