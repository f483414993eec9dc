import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask, talk, talkApart } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling, type Told } from "../support/http-upstream.ts";
import { closeOf, connect, freePort, readBytes, sha256 } from "../support/sockets.ts";

describe("HTTP", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("is sent where the routes say, rewritten, with the fields that the routes set and remove", async () => {
    const [api, app] = [await startHttpUpstream(cleanup, telling("api")), await startHttpUpstream(cleanup, telling("app"))];
    const { port } = await startHttpProxy(cleanup, {
      routes: [
        { host: "api.localhost", upstream: api.endpoint, headers: { set: { "X-Key": "k" }, remove: ["Cookie"] } },
        { path: "/old", rewrite: "/new", upstream: api.endpoint, responseHeaders: { set: { "X-Old": "1" }, remove: ["content-type"] } },
        { path: "/", upstream: app.endpoint },
      ],
    });
    const first = await ask(port(), { path: "/x?y=1", headers: { host: "API.localhost:80", cookie: "a=1", "x-key": "mine", "x-b": "2" } });
    expect(first.status).to.equal(200);
    expect([first.told.name, first.told.url]).to.deep.equal(["api", "/x?y=1"]);
    expect(first.told.headers).to.include({ host: "API.localhost:80", "x-key": "k", "x-b": "2" });
    expect(first.told.headers).to.not.have.property("cookie");
    const second = await ask(port(), { path: "/old/a%20b?c" });
    expect([second.told.name, second.told.url]).to.deep.equal(["api", "/new/a%20b?c"]);
    expect(second.headers).to.include({ "x-old": "1" });
    expect(second.headers).to.not.have.property("content-type");
    expect((await ask(port(), { path: "//x//y" })).told).to.include({ name: "app", url: "//x//y" });
  });

  it("is sent to the listener's own upstream without any option", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, {}, { listener: { upstream: upstream.endpoint } });
    expect((await ask(port(), { path: "/a" })).told.url).to.equal("/a");
  });

  it("is refused without an upstream, and on a listener of datagrams", async () => {
    const refusal = async (start: Promise<unknown>): Promise<string> =>
      String(
        await start.then(
          () => "none",
          (error: unknown) => error,
        ),
      );
    expect(await refusal(startHttpProxy(cleanup, {}))).to.include("SLUICE_UPSTREAM_MISSING");
    const listener = { listen: "udp://127.0.0.1:0", upstream: "127.0.0.1:9" };
    expect(await refusal(startHttpProxy(cleanup, {}, { listener })))
      .to.include("SLUICE_CONFIG_INVALID")
      .and.include("udp://");
  });

  it("keeps connections on both sides, and many requests use few connections", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port, all } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const agent = cleanup.keep(new Agent({ keepAlive: true, maxSockets: 1 }));
    for (let at = 0; at < 20; at += 1) {
      const { told, headers } = await ask(port(), { path: `/${at}`, agent });
      expect(told.url).to.equal(`/${at}`);
      expect(headers.connection).to.equal("keep-alive");
    }
    expect(all("session-started")).to.have.lengthOf(1);
    expect(upstream.connections).to.equal(1);
  });

  it("answers pipelined requests in order", async () => {
    const upstream = await startHttpUpstream(cleanup, (request, response) => {
      // The first answer comes last.
      setTimeout(() => response.end(request.url), request.url === "/1" ? 50 : 0);
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const one = (at: number, more = ""): string => `GET /${at} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const answers = await talk(port(), one(1) + one(2) + one(3, "Connection: close\r\n"));
    expect(answers.match(/\r\n\r\n(\/\d)/g)?.map((part) => part.trim())).to.deep.equal(["/1", "/2", "/3"]);
  });

  it("sends pipelined requests on one at a time, and cancels all when the client leaves", async () => {
    const upstream = await startHttpUpstream(cleanup, () => undefined);
    const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3));
    await eventually(() => expect(upstream.asked).to.have.lengthOf(1));
    socket.resetAndDestroy();
    await eventually(() => expect([proxy.sessions.size, upstream.open()]).to.deep.equal([0, 0]));
    expect(upstream.asked).to.have.lengthOf(1);
  });

  it("streams bodies of 20 MiB both ways, byte for byte", async () => {
    const bytes = randomBytes(20 * 1024 * 1024);
    const upstream = await startHttpUpstream(cleanup, (request, response) => {
      if (request.headers["content-length"] !== undefined) response.setHeader("content-length", request.headers["content-length"]);
      request.pipe(response);
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    for (const headers of [{ "content-length": bytes.length }, { "transfer-encoding": "chunked" }]) {
      const chunks: Buffer[] = [];
      const socket = await connect(port());
      socket.on("data", (chunk: Buffer) => chunks.push(chunk));
      const [[name, value] = ["", ""]] = Object.entries(headers);
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${name}: ${value}\r\n\r\n`);
      if (name === "content-length") socket.write(bytes);
      else for (let at = 0; at < bytes.length; at += 65_537) socket.write(chunkOf(bytes.subarray(at, at + 65_537)));
      if (name !== "content-length") socket.write("0\r\n\r\n");
      await new Promise((resolve) => socket.once("end", resolve));
      socket.destroy();
      const whole = Buffer.concat(chunks);
      const body = whole.subarray(whole.indexOf("\r\n\r\n") + 4);
      expect(sha256(name === "content-length" ? body : unchunked(body))).to.equal(sha256(bytes));
    }
  });

  it("sends a body that is complete at once with its length, and a streamed body as it came", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const proxy = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const head = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    const seen = async (...parts: string[]): Promise<unknown[]> => {
      const { headers, body } = JSON.parse((await talkApart(proxy, parts)).replace(/^[^]*?\r\n\r\n/, "")) as Told;
      return [headers["content-length"], headers["transfer-encoding"], body];
    };
    expect(await seen(`${head}2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n`)).to.deep.equal(["5", undefined, "hello"]);
    expect(await seen(`${head}0\r\n\r\n`)).to.deep.equal(["0", undefined, ""]);
    expect(await seen(`${head}2\r\nhe\r\n`, "3\r\nllo\r\n0\r\n\r\n")).to.deep.equal([undefined, "chunked", "hello"]);
  });

  it("passes trailers both ways, 100 Continue, 103 and an answer that comes before the body", async () => {
    const upstream = await startHttpUpstream(cleanup, (request, response) => {
      if (request.url === "/early") {
        response.writeHead(413, { connection: "close" }).end("too much");
        return;
      }
      response.writeEarlyHints({ link: "</a.css>; rel=preload" });
      response.setHeader("trailer", "x-sum");
      request.resume().on("end", () => {
        response.write(`trailer ${String(request.trailers["x-in"])}`);
        response.addTrailers({ "x-sum": "7" });
        response.end();
      });
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const head = "Host: a\r\nTransfer-Encoding: chunked\r\n";
    const socket = cleanup.keep(await connect(port()));
    socket.write(`POST / HTTP/1.1\r\n${head}Expect: 100-continue\r\nConnection: close\r\n\r\n`);
    const interim = "HTTP/1.1 100 Continue\r\n\r\n";
    expect(String(await readBytes(socket, interim.length))).to.equal(interim);
    socket.write("2\r\nhi\r\n0\r\nX-In: 5\r\n\r\n");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => socket.once("end", resolve));
    const answer = String(Buffer.concat(chunks));
    expect(answer).to.match(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a.css>; rel=preload/i);
    expect(answer)
      .to.include("trailer 5")
      .and.match(/0\r\nx-sum: 7\r\n\r\n$/i);
    const early = cleanup.keep(await connect(port()));
    early.write(`POST /early HTTP/1.1\r\n${head}\r\n2\r\nhi\r\n`);
    expect(String(await readBytes(early, 12))).to.equal("HTTP/1.1 413");
  });

  it("chooses an endpoint for each request, though connections are kept", async () => {
    const [one, two] = [await startHttpUpstream(cleanup, telling("1")), await startHttpUpstream(cleanup, telling("2"))];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: [one.endpoint, two.endpoint] }] });
    const agent = cleanup.keep(new Agent({ keepAlive: true, maxSockets: 1 }));
    const names: string[] = [];
    for (let at = 0; at < 6; at += 1) names.push((await ask(port(), { agent })).told.name);
    expect(names).to.deep.equal(["1", "2", "1", "2", "1", "2"]);
    expect([one.connections, two.connections]).to.deep.equal([1, 1]);
  });

  it("answers with 404, 502, 503 and 504 and the code of the cause, as text or JSON", async () => {
    const hanging = await startUpstream("hang");
    const garbage = await startUpstream("garbage");
    const reset = await startUpstream("reset");
    for (const upstream of [hanging, garbage, reset]) cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, {
      timeouts: { response: "300ms" },
      limits: { connections: 1, waiting: 0 },
      routes: [
        { path: "/refused", upstream: `127.0.0.1:${await freePort()}` },
        { path: "/hang", upstream: hanging.endpoint },
        { path: "/garbage", upstream: garbage.endpoint },
        { path: "/reset", upstream: reset.endpoint },
      ],
    });
    const seen = async (path: string): Promise<string> => {
      const { status, body } = await ask(port(), { path, headers: { accept: "application/json" } });
      return `${status} ${(JSON.parse(body) as { code: string }).code}`;
    };
    expect(await seen("/none")).to.equal("404 SLUICE_HTTP_NO_ROUTE");
    expect(await seen("/refused")).to.equal("502 SLUICE_UPSTREAM_REFUSED");
    expect(await seen("/garbage")).to.equal("502 SLUICE_UPSTREAM_PROTOCOL");
    expect(await seen("/reset")).to.equal("502 SLUICE_UPSTREAM_RESET");
    expect(await seen("/hang")).to.equal("504 SLUICE_UPSTREAM_TIMEOUT");
    const text = await ask(port(), { path: "/none" });
    expect(text.headers["content-type"]).to.equal("text/plain; charset=utf-8");
    expect(text.body).to.include("no route matches this request").and.include("SLUICE_HTTP_NO_ROUTE");
  });

  it("limits the requests that wait for an upstream: further requests get 503 at once", async () => {
    const upstream = await startHttpUpstream(cleanup, () => undefined);
    const { port } = await startHttpProxy(cleanup, {
      timeouts: { response: "1s" },
      limits: { connections: 2, connectionsPerClient: 2, waiting: 3 },
      routes: [{ upstream: upstream.endpoint }],
    });
    const asking = Array.from({ length: 9 }, () => ask(port()));
    expect((await Promise.race(asking)).status).to.equal(503);
    await eventually(() => expect(upstream.connections).to.equal(2));
    const answers = await Promise.all(asking);
    const counted = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(counted).to.deep.equal([503, 503, 503, 503, 504, 504, 504, 504, 504]);
    await eventually(() => expect(upstream.open()).to.equal(0));
  });

  it("ends the session of a client that has finished sending and gets no answer for a while", async () => {
    const upstream = await startHttpUpstream(cleanup, () => undefined);
    const { port, proxy } = await startHttpProxy(cleanup, { timeouts: { halfClosed: "100ms" }, routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    socket.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await closeOf(socket);
    await eventually(() => expect([proxy.sessions.size, upstream.open()]).to.deep.equal([0, 0]));
  });

  it("serves a client that has finished sending, if timeouts.halfClosed allows it, and a client of HTTP/1.0", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { timeouts: { halfClosed: "5s" }, routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    socket.end("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await new Promise((resolve) => socket.once("end", resolve));
    expect(String(Buffer.concat(chunks))).to.include('"/half"');
    expect(await talk(port(), "GET /old HTTP/1.0\r\n\r\n"))
      .to.match(/^HTTP\/1\.1 200/)
      .and.include('"/old"')
      .and.include(`"host":"${upstream.endpoint}"`);
  });
});

function chunkOf(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from("\r\n")]);
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf("\r\n", at);
    const size = Number.parseInt(bytes.toString("latin1", at, end), 16);
    if (size === 0) return Buffer.concat(parts);
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = end + 4 + size;
  }
}
