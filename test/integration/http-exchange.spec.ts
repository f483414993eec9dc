import { expect } from "chai";
import { Agent } from "node:http";
import { catchError, concatMap, defer, delay, map, of, tap, throwError, timer } from "rxjs";
import { createProxy } from "sluice";
import type { ExchangeEnd, HttpResponse, PluginUse, UpstreamConfig } from "sluice";
import { http, logging, rateLimit, retry } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask, talk } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";
import { recordLog } from "../support/recorded-log.ts";
import { closeOf, connect, freePort } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

describe("The exchange hook", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const noting = (name: string, notes: string[]): PluginUse =>
    plugin(name, {
      exchange: (attempt, request) => {
        notes.push(`${name} asks for ${request.method} ${request.url}`);
        request.url += name;
        return attempt.pipe(tap(({ status }) => void notes.push(`${name} gets ${status}`)));
      },
    });

  it("has the first plugin nearest the client and the last nearest the upstream", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const notes: string[] = [];
    const before = [noting("a", notes), noting("b", notes)];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before });
    expect((await ask(port(), { path: "/" })).told.url).to.equal("/ab");
    expect(notes).to.deep.equal(["a asks for GET /", "b asks for GET /a", "b gets 200", "a gets 200"]);
  });

  it("may answer by itself, change the answer, send the request elsewhere, and try again", async () => {
    const [one, two] = [await startHttpUpstream(cleanup, telling("1")), await startHttpUpstream(cleanup, telling("2"))];
    const changing = plugin("changing", {
      exchange: (attempt, request) => {
        if (request.url === "/own") return of({ status: 418, headers: { "x-own": ["a", "b"] }, body: "teapot" });
        if (request.url === "/two") request.upstream = two.endpoint;
        request.headers["x-added"] = "1";
        return attempt.pipe(map((response) => ({ ...response, headers: { ...response.headers, "x-changed": "yes" } })));
      },
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: one.endpoint }] }, { before: [changing] });
    const own = await ask(port(), { path: "/own" });
    expect([own.status, own.body, own.headers["x-own"]]).to.deep.equal([418, "teapot", "a, b"]);
    const first = await ask(port(), { path: "/one" });
    expect([first.told.name, first.told.headers["x-added"], first.headers["x-changed"]]).to.deep.equal(["1", "1", "yes"]);
    expect((await ask(port(), { path: "/two" })).told.name).to.equal("2");
  });

  it("may send the request to endpoints with options of their own, in every form that upstream has", async () => {
    const [one, two] = [await startHttpUpstream(cleanup, telling("1")), await startHttpUpstream(cleanup, telling("2"))];
    const [first, second] = [
      { address: one.endpoint, weight: 1 },
      { address: two.endpoint, backup: true },
    ];
    const forms: Record<string, UpstreamConfig> = {
      "/object": { endpoints: [first] },
      "/mixed": { endpoints: [first, two.endpoint] },
      "/backup": { endpoints: [first, second] },
      "/list": [first, second],
    };
    const sending = plugin("sending", {
      exchange: (attempt, request) => {
        request.upstream = forms[request.url];
        return attempt;
      },
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: one.endpoint }] }, { before: [sending] });
    for (const path of Object.keys(forms)) expect((await ask(port(), { path })).told.name, path).to.equal("1");
  });

  it("fails the request if it throws, or is skipped with onError bypass", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const throwing = (onError: "close" | "bypass"): PluginUse =>
      plugin(
        "throwing",
        {
          exchange: (attempt) =>
            attempt.pipe(
              map((): HttpResponse => {
                throw new Error("broken");
              }),
            ),
        },
        { onError },
      );
    const routes = [{ upstream: upstream.endpoint }];
    const closing = await startHttpProxy(cleanup, { routes }, { before: [throwing("close")] });
    const { status, body } = await ask(closing.port());
    expect(status).to.equal(500);
    expect(body).to.include("SLUICE_PLUGIN_FAILED").and.not.include("broken");
    expect((await closing.event("plugin-fault")).plugin).to.equal("throwing");
    const bypassing = await startHttpProxy(cleanup, { routes }, { before: [throwing("bypass")] });
    expect((await ask(bypassing.port())).status).to.equal(200);
    expect((await bypassing.event("plugin-fault")).plugin).to.equal("throwing");
  });

  for (const [what, emitted] of Object.entries({
    "no response": { state: 200 },
    "a header that none may hold": { status: 200, headers: { "x-a": "a\r\nx-b: c" } },
    "a status that is none": { status: 99_999, headers: {} },
  })) {
    it(`fails the request if it emits ${what}`, async () => {
      const { port } = await startHttpProxy(
        cleanup,
        { routes: [{ upstream: "127.0.0.1:9" }] },
        { before: [plugin("odd", { exchange: () => of(emitted as HttpResponse) })] },
      );
      const answer = await ask(port());
      expect(answer.status).to.be.oneOf([500, 502]);
      expect(answer.headers).to.not.have.property("x-b");
    });
  }

  it("may wait, and is unsubscribed when the client leaves", async () => {
    const upstream = await startHttpUpstream(cleanup);
    let left = 0;
    const waiting = plugin("waiting", {
      exchange: (attempt, { url }) =>
        timer(url === "/long" ? 60_000 : 20).pipe(
          concatMap(() => attempt),
          tap({ unsubscribe: () => (left += 1) }),
        ),
    });
    const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before: [waiting] });
    expect((await ask(port())).status).to.equal(200);
    const socket = await connect(port());
    socket.write("GET /long HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventually(() => expect(proxy.sessions.size).to.equal(1));
    socket.resetAndDestroy();
    await eventually(() => expect([left, proxy.sessions.size, upstream.asked.length]).to.deep.equal([1, 0, 1]));
  });

  for (const upgrade of [false, true]) {
    it(`may hold ${upgrade ? "an upgrade" : "a response"} until its upstream is gone, and nothing hangs`, async () => {
      const dying = await startUpstream((socket) => {
        const head = upgrade
          ? "101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
          : "200 OK\r\nContent-Length: 10\r\n";
        socket.once("data", () => socket.write(`HTTP/1.1 ${head}\r\nhello`, () => setTimeout(() => socket.resetAndDestroy(), 10)));
      });
      cleanup.add(() => dying.close());
      const keeping = plugin("keeping", { exchange: (attempt) => attempt.pipe(delay(100)) });
      const { port, proxy, ended } = await startHttpProxy(cleanup, { routes: [{ upstream: dying.endpoint }] }, { before: [keeping] });
      const socket = await connect(port());
      socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${upgrade ? "Connection: Upgrade\r\nUpgrade: websocket\r\n" : ""}\r\n`);
      // To Node a reset that comes with the last bytes may look like a FIN.
      socket.once("end", () => socket.end());
      await closeOf(socket);
      expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_RESET");
      await eventually(() => expect([proxy.sessions.size, dying.sockets.size]).to.deep.equal([0, 0]));
    });
  }

  it("may read a body, which is still sent on", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const bodies: string[] = [];
    const reading = plugin("reading", {
      exchange: (attempt, { body }) =>
        defer(async () => {
          for await (const chunk of body ?? []) bodies.push(String(chunk));
        }).pipe(concatMap(() => attempt)),
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before: [reading] });
    expect((await ask(port(), { method: "POST", body: "hello" })).told.body).to.equal("hello");
    expect((await ask(port())).told.body).to.equal("");
    expect(bodies).to.deep.equal(["hello"]);
  });

  it("is notified of the end of each request", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const ends: ExchangeEnd[] = [];
    const watching = plugin("watching", { exchange: (attempt, request) => (request.onEnd((end) => void ends.push(end)), attempt) });
    const routes = [{ path: "/a", upstream: upstream.endpoint }];
    const { port } = await startHttpProxy(cleanup, { routes }, { before: [watching] });
    const { body } = await ask(port(), { path: "/a", method: "POST", body: "hello" });
    await ask(port(), { path: "/b" });
    await eventually(() => expect(ends).to.have.lengthOf(2));
    expect(ends[0]).to.deep.include({
      status: 200,
      upstream: upstream.endpoint,
      requestBytes: 5,
      responseBytes: body.length,
      error: undefined,
    });
    expect([ends[1]?.status, ends[1]?.upstream, ends[1]?.error?.code]).to.deep.equal([404, undefined, "SLUICE_HTTP_NO_ROUTE"]);
  });

  it("lets retry wait for an upstream that is not there yet, and use another endpoint", async () => {
    const port = await freePort();
    const other = await startHttpUpstream(cleanup, telling("other"));
    const proxy = await startHttpProxy(
      cleanup,
      {
        routes: [
          { path: "/late", upstream: `127.0.0.1:${port}` },
          { path: "/two", upstream: [`127.0.0.1:${await freePort()}`, other.endpoint] },
        ],
      },
      { before: [retry({ attempts: 100, delay: "20ms", factor: 1, jitter: "none" })] },
    );
    const late = ask(proxy.port(), { path: "/late", method: "PUT", body: "kept" });
    await new Promise((resolve) => setTimeout(resolve, 60));
    await startHttpUpstream(cleanup, telling("late"), port);
    expect((await late).told).to.include({ name: "late", body: "kept" });
    for (let at = 0; at < 4; at += 1) expect((await ask(proxy.port(), { path: "/two" })).told.name).to.equal("other");
    expect((await ask(proxy.port(), { path: "/two", method: "GET" })).status).to.equal(200);
  });

  it("lets retry send a body again of which one part was already sent", async () => {
    let tries = 0;
    const upstream = await startUpstream((socket) => {
      let text = "";
      socket.on("data", (chunk: Buffer) => {
        text += String(chunk);
        if (!text.endsWith("body")) return;
        tries += 1;
        if (tries < 3) socket.resetAndDestroy();
        else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    cleanup.add(() => upstream.close());
    const before = [retry({ attempts: 5, delay: "1ms" })];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before });
    expect((await ask(port(), { method: "PUT", body: "the body" })).body).to.equal("ok");
    expect(tries).to.equal(3);
    tries = 0;
    expect((await ask(port(), { method: "POST", body: "the body" })).status).to.equal(502);
    expect(tries).to.equal(1);
  });

  it("lets rateLimit refuse requests, on one connection and on many", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const before = [rateLimit({ requests: { rate: 1, per: "1m", burst: 3 } })];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before });
    const agent = cleanup.keep(new Agent({ keepAlive: true, maxSockets: 1 }));
    const statuses: number[] = [];
    for (let at = 0; at < 4; at += 1) statuses.push((await ask(port(), at % 2 === 0 ? { agent } : {})).status);
    expect(statuses).to.deep.equal([200, 200, 200, 429]);
    const over = await ask(port(), { agent, headers: { accept: "application/json" } });
    expect(Number(over.headers["retry-after"])).to.be.within(1, 60);
    expect(JSON.parse(over.body)).to.include({ status: 429, code: "SLUICE_RATE_LIMITED" });
    expect(upstream.asked).to.have.lengthOf(3);
  });

  it("logs no request twice with retry in front of logging", async () => {
    const refused = `127.0.0.1:${await freePort()}`;
    const notes: string[] = [];
    const before = [
      logging(),
      retry({ attempts: 3, delay: "1ms" }),
      plugin("counting", {
        exchange: (attempt) =>
          defer(() => {
            notes.push("try");
            return attempt;
          }).pipe(catchError((error: unknown) => throwError(() => error))),
      }),
    ];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: refused }] }, { before });
    expect((await ask(port())).status).to.equal(502);
    expect(notes).to.deep.equal(["try", "try", "try"]);
    expect(await talk(port(), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")).to.match(/^HTTP\/1\.1 502/);
    // Of a request that was refused nothing was sent: it is tried again, whatever its method.
    expect(notes).to.have.lengthOf(6);
  });

  it("logs no request twice with logging behind retry", async () => {
    const refused = `127.0.0.1:${await freePort()}`;
    const log = recordLog();
    const plugins = [retry({ attempts: 3, delay: 0 }), logging(), http({ routes: [{ upstream: refused }] })];
    const proxy = cleanup.keep(await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } }, { logger: log.logger }));
    const port = proxy.listeners["web"]?.address.port ?? 0;
    expect((await ask(port)).status).to.equal(502);
    expect((await ask(port)).status).to.equal(502);
    await eventually(() => expect(log.of("request ended").map(({ status }) => status)).to.deep.equal([502, 502]));
  });
});
