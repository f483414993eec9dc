import { expect } from "chai";
import { once } from "node:events";
import { Agent } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { of } from "rxjs";
import { http } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";
import { closeOf, connect, portOf, readBytes, sha256 } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

describe("HTTP and a reload", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  function keptAgent(): Agent {
    return cleanup.keep(new Agent({ keepAlive: true, maxSockets: 1 }));
  }

  it("gives the next request of an open connection the new routes and the new hooks", async () => {
    const [one, two] = [await startHttpUpstream(cleanup, telling("1")), await startHttpUpstream(cleanup, telling("2"))];
    const { port, proxy, config, all } = await startHttpProxy(cleanup, { routes: [{ upstream: one.endpoint }] });
    const agent = keptAgent();
    expect((await ask(port(), { agent })).told.name).to.equal("1");
    await proxy.apply(config({ routes: [{ upstream: two.endpoint }] }));
    expect((await ask(port(), { agent })).told.name).to.equal("2");
    const own = plugin("own", { exchange: () => of({ status: 200, headers: {}, body: "own" }) });
    await proxy.apply(config({ routes: [{ upstream: two.endpoint }] }, [own]));
    expect((await ask(port(), { agent })).body).to.equal("own");
    await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [own], upstream: one.endpoint } } });
    expect((await ask(port(), { agent })).body).to.equal("own");
    expect(all("session-started")).to.have.lengthOf(1);
    await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: one.endpoint } } });
    expect((await ask(port(), { agent })).status, "without http()").to.equal(404);
  });

  it("uses no connection that was opened with other settings: after a change to verified TLS, TLS is verified", async () => {
    const secure = createSecureServer({ ...(await createCertificate("other.test")) }, telling("secure")).listen(0, "127.0.0.1");
    await once(secure, "listening");
    cleanup.add(() => {
      secure.close();
      secure.closeAllConnections();
    });
    const endpoints = [`127.0.0.1:${portOf(secure)}`];
    const { port, proxy, config } = await startHttpProxy(cleanup, {}, { listener: { upstream: { endpoints, tls: { verify: false } } } });
    const asks = [{ path: "/" }, { method: "PUT", body: "x" }];
    for (const asked of asks) expect((await ask(port(), asked)).status).to.equal(200);
    await proxy.apply(config({}, [], { upstream: { endpoints, tls: true } }));
    for (const asked of asks) expect((await ask(port(), asked)).body).to.equal("502 Bad Gateway: SLUICE_UPSTREAM_TLS\n");
  });

  it("keeps the old pipeline for the next request if the listener says keep", async () => {
    const [one, two] = [await startHttpUpstream(cleanup, telling("1")), await startHttpUpstream(cleanup, telling("2"))];
    const listener = { reload: { sessions: "keep" } } as const;
    const { port, proxy, config } = await startHttpProxy(cleanup, { routes: [{ upstream: one.endpoint }] }, { listener });
    const agent = keptAgent();
    await ask(port(), { agent });
    await proxy.apply(config({ routes: [{ upstream: two.endpoint }] }));
    expect((await ask(port(), { agent })).told.name).to.equal("1");
    expect((await ask(port())).told.name).to.equal("2");
  });

  it("does not affect a download: its pipeline stays until it has ended, and all its bytes come", async () => {
    const bytes = Buffer.alloc(30 * 1024 * 1024, "0123456789");
    let go: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (go = resolve));
    const upstream = await startHttpUpstream(cleanup, (_request, response) => {
      response.setHeader("content-length", bytes.length);
      response.write(bytes.subarray(0, 1_000_000));
      void gone.then(() => response.end(bytes.subarray(1_000_000)));
    });
    const notes: string[] = [];
    const noting = (name: string): ReturnType<typeof plugin> =>
      plugin("noting", { exchange: (attempt) => attempt, teardown: () => void notes.push(`${name} is torn down`) });
    const { port, proxy, config } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: upstream.endpoint }] },
      { before: [noting("old")] },
    );
    const socket = await connect(port());
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const head = await readBytes(socket, 500_000);
    for (let at = 0; at < 5; at += 1) await proxy.apply(config({ routes: [{ upstream: "127.0.0.1:9" }] }, [noting(`new ${at}`)]));
    expect(notes).to.include("new 0 is torn down").and.not.include("old is torn down");
    go();
    const chunks = [head];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await bounded(new Promise((resolve) => socket.once("end", resolve)), "the end", 20_000);
    const whole = Buffer.concat(chunks);
    expect(sha256(whole.subarray(whole.indexOf("\r\n\r\n") + 4))).to.equal(sha256(bytes));
    socket.end();
    await eventually(() => expect(notes).to.include("old is torn down"));
  });

  it("serves a connection that was opened before the reload and sends its first byte after it", async () => {
    const [one, two] = [await startHttpUpstream(cleanup, telling("1")), await startHttpUpstream(cleanup, telling("2"))];
    const { port, proxy, config } = await startHttpProxy(cleanup, { timeouts: { headers: "1s" }, routes: [{ upstream: one.endpoint }] });
    const [quick, slow] = [await connect(port()), await connect(port())];
    await eventually(() => expect(proxy.sessions.size).to.equal(2));
    for (let at = 0; at < 2; at += 1) await proxy.apply(config({ routes: [{ upstream: two.endpoint }], limits: { fields: 90 + at } }));
    quick.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(String(await readBytes(quick, 12))).to.equal("HTTP/1.1 200");
    slow.write("GET / HTTP/1.1\r\nHost");
    expect(String(await readBytes(slow, 12))).to.equal("HTTP/1.1 408");
    for (const socket of [quick, slow]) socket.destroy();
    expect([one.asked, two.asked]).to.deep.equal([[], ["GET /"]]);
  });

  it("also works with a second use of http() on the listener", async () => {
    const [one, two] = [await startHttpUpstream(cleanup, telling("1")), await startHttpUpstream(cleanup, telling("2"))];
    const { port } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: one.endpoint }] },
      { before: [http({ routes: [{ upstream: two.endpoint }] })] },
    );
    expect((await ask(port(), { method: "POST", body: "x" })).told.name).to.equal("2");
  });

  it("lets many requests pass during reloads, and none fails", async function () {
    this.timeout(30_000);
    const upstream = await startHttpUpstream(cleanup);
    const { port, proxy, config } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const load = { running: true };
    const statuses = new Set<number>();
    let answers = 0;
    const clients = Array.from({ length: 4 }, async () => {
      const agent = keptAgent();
      while (load.running) {
        statuses.add((await ask(port(), { agent, method: "POST", body: "x".repeat(10_000) })).status);
        answers += 1;
      }
    });
    for (let at = 0; at < 30; at += 1)
      await proxy.apply(config({ routes: [{ upstream: upstream.endpoint }], limits: { fields: 100 + at } }));
    load.running = false;
    await Promise.all(clients);
    expect([...statuses]).to.deep.equal([200]);
    // Of the pools of thirty generations at most the last is kept.
    await eventually(() => expect(upstream.open()).to.be.at.most(4));
  });

  it("closes kept connections at once when the proxy stops, and serves open exchanges to their end", async () => {
    let answer: () => void = () => undefined;
    const upstream = await startHttpUpstream(cleanup, (request, response) => {
      if (request.url === "/slow") answer = () => response.end("done");
      else response.end("ok");
    });
    const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const idle = await connect(port());
    idle.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await readBytes(idle, 12);
    const slow = ask(port(), { path: "/slow", agent: keptAgent() });
    await eventually(() => expect(upstream.asked).to.include("GET /slow"));
    const closed = proxy.close({ drain: "20s" });
    idle.once("end", () => idle.end());
    await closeOf(idle);
    answer();
    const { body, headers } = await slow;
    expect([body, headers.connection]).to.deep.equal(["done", "close"]);
    await bounded(closed, "the proxy's end");
  });
});
