import { array, assert as assertAlways, asyncProperty, boolean, constantFrom } from "fast-check";
import { expect } from "chai";
import { createServer as createSecureServer } from "node:https";
import { join } from "node:path";
import { once } from "node:events";
import { createServer, request } from "node:http";
import { startUpstream } from "sluice/testing";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask, talk } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { closeOf, connect, portOf } from "../support/sockets.ts";

/** Pieces of which clients and upstreams make up what is nearly HTTP. */
const pieces = constantFrom(
  "GET / HTTP/1.1\r\n",
  "POST /x HTTP/1.1\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "HTTP/1.1 200 OK\r\n",
  "HTTP/1.1 101 Switching Protocols\r\n",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "Host: a\r\n",
  "Content-Length: 5\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Connection: Upgrade\r\nUpgrade: websocket\r\n",
  "Connection: Upgrade\r\nUpgrade: h2c\r\n",
  "Expect: 100-continue\r\n",
  "Connection: close\r\n",
  "\r\n",
  "hello",
  "5\r\nhello\r\n",
  "0\r\n\r\n",
  "\n",
  "\0",
  "\xff\xfe",
);

describe("HTTP with hostile and odd peers", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("never throws, hangs or leaks, whatever clients and upstreams send, however they end", async () => {
    const uncaught: unknown[] = [];
    const note = (error: unknown): void => void uncaught.push(error);
    process.on("uncaughtException", note).on("unhandledRejection", note);
    cleanup.add(() => void process.off("uncaughtException", note).off("unhandledRejection", note));
    let answer: readonly string[] = [];
    let upstreamResets = false;
    const upstream = await startUpstream((socket) => {
      socket.once("data", () => {
        for (const piece of answer) socket.write(Buffer.from(piece, "latin1"));
        if (upstreamResets) socket.resetAndDestroy();
        else socket.end();
      });
      socket.once("end", () => socket.end());
    });
    cleanup.add(() => upstream.close());
    const { port, proxy } = await startHttpProxy(cleanup, {
      timeouts: { headers: "200ms", request: "1s", keepAlive: "100ms", response: "300ms", halfClosed: "50ms", idleConnection: "100ms" },
      routes: [{ upstream: upstream.endpoint }],
    });
    const side = array(pieces, { maxLength: 12 });
    await assertAlways(
      asyncProperty(side, side, constantFrom("end", "reset", "wait"), boolean(), async (sent, answered, end, resets) => {
        answer = answered;
        upstreamResets = resets;
        const socket = await connect(port());
        socket.resume().once("end", () => socket.end());
        for (const piece of sent) {
          socket.write(Buffer.from(piece, "latin1"));
          // Sometimes pieces come one by one.
          if (piece.length % 2 === 0) await new Promise(setImmediate);
        }
        if (end === "end") socket.end();
        else if (end === "reset") socket.resetAndDestroy();
        await closeOf(socket, 8_000);
      }),
      { numRuns: 150 },
    );
    await eventually(() => expect([proxy.sessions.size, upstream.sockets.size]).to.deep.equal([0, 0]), { within: 10_000 });
    expect(uncaught).to.deep.equal([]);
    const good = await startHttpUpstream(cleanup);
    await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: good.endpoint } } });
    expect((await ask(port(), { path: "/" })).status).to.equal(200);
  });

  it("passes answers of every framing: none, by the connection's end, HEAD, 204, 304 and HTTP/1.0", async () => {
    const answers: Readonly<Record<string, string>> = {
      "/close": "HTTP/1.1 200 OK\r\n\r\nby the end",
      "/old": "HTTP/1.0 200 OK\r\n\r\nold",
      "/none": "HTTP/1.1 204 No Content\r\n\r\n",
      "/same": 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 100\r\n\r\n',
      "/head": "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n",
      "/reason": "HTTP/1.1 299 Rather Odd\r\nContent-Length: 0\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n",
    };
    const upstream = await startUpstream((socket) => {
      socket.once("data", (chunk: Buffer) => socket.end(answers[String(chunk).split(" ")[1] ?? ""] ?? ""));
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const closed = await ask(port(), { path: "/close" });
    expect([closed.body, closed.headers["transfer-encoding"]]).to.deep.equal(["by the end", "chunked"]);
    expect((await ask(port(), { path: "/old" })).body).to.equal("old");
    expect(await talk(port(), "GET /close HTTP/1.0\r\n\r\n"))
      .to.match(/by the end$/)
      .and.not.include("chunked");
    const none = await ask(port(), { path: "/none" });
    expect([none.status, none.body, none.headers["transfer-encoding"]]).to.deep.equal([204, "", undefined]);
    expect((await ask(port(), { path: "/same" })).headers).to.include({ etag: '"x"' });
    const head = await ask(port(), { path: "/head", method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.body]).to.deep.equal([200, "1234", ""]);
    const odd = await ask(port(), { path: "/reason" });
    expect([odd.status, odd.headers["set-cookie"]]).to.deep.equal([299, ["a=1", "b=2"]]);
  });

  it("reaches upstreams by name, over verified TLS, and over unix sockets", async () => {
    const ca = await createCertificate("ca", { authority: true });
    const certificate = await createCertificate("secure.test", { ca });
    const secure = createSecureServer({ ...certificate }, telling("secure")).listen(0, "127.0.0.1");
    await once(secure, "listening");
    const path = join(temporaryFolder(cleanup), "socket");
    const unix = createServer(telling("unix")).listen(path);
    await once(unix, "listening");
    cleanup.add(() => {
      for (const server of [secure, unix]) {
        server.close();
        server.closeAllConnections();
      }
    });
    const plain = await startHttpUpstream(cleanup, telling("plain"));
    const dns = { hosts: { "secure.test": ["127.0.0.1"], "plain.test": ["127.0.0.1"], "wrong.test": ["127.0.0.1"] } };
    const { port } = await startHttpProxy(
      cleanup,
      {
        routes: [
          { path: "/secure", upstream: { endpoints: [`secure.test:${portOf(secure)}`], tls: { ca: ca.cert } } },
          { path: "/wrong", upstream: { endpoints: [`wrong.test:${portOf(secure)}`], tls: { ca: ca.cert } } },
          { path: "/unix", upstream: `unix:${path}` },
          { path: "/", upstream: `plain.test:${plain.port}` },
        ],
      },
      { dns },
    );
    for (const name of ["secure", "unix"])
      for (let at = 0; at < 3; at += 1) expect((await ask(port(), { path: `/${name}` })).told.name).to.equal(name);
    expect((await ask(port())).told.name).to.equal("plain");
    const wrong = await ask(port(), { path: "/wrong" });
    expect([wrong.status, wrong.body]).to.deep.equal([502, "502 Bad Gateway: SLUICE_UPSTREAM_TLS\n"]);
  });

  it("serves a unix socket, whose clients have no address", async () => {
    const path = join(temporaryFolder(cleanup), "front");
    const upstream = await startHttpUpstream(cleanup);
    await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { listener: { listen: `unix://${path}` } });
    const body = await new Promise<string>((resolve, reject) => {
      const outgoing = request({ socketPath: path, path: "/x", agent: false }, (response) => {
        let text = "";
        response.on("data", (chunk: Buffer) => (text += String(chunk))).on("end", () => resolve(text));
      });
      outgoing.on("error", reject).end();
    });
    expect(body).to.include('"/x"').and.include('"x-forwarded-for":"unknown"');
  });
});
