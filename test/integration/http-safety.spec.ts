import { expect } from "chai";
import type { Socket } from "node:net";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { eventually } from "../support/eventually.ts";
import { ask, talk } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { closeOf, connect, readBytes } from "../support/sockets.ts";

const host = "Host: a\r\n";
const chunked = `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n`;
const hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

/** What two parsers could see differently; each is followed by a request that must not be taken out of it. */
const ambiguous: Readonly<Record<string, string>> = {
  "both lengths": `POST / HTTP/1.1\r\n${host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  "both lengths the other way round": `${chunked}Content-Length: 4\r\n\r\n0\r\n\r\n`,
  "two lengths": `POST / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 34\r\n\r\n`,
  "the same length twice": `POST / HTTP/1.1\r\n${host}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`,
  "a length with a sign": `POST / HTTP/1.1\r\n${host}Content-Length: +0\r\n\r\n`,
  "an empty length": `POST / HTTP/1.1\r\n${host}Content-Length:\r\n\r\n`,
  "a hexadecimal length": `POST / HTTP/1.1\r\n${host}Content-Length: 0x0\r\n\r\n`,
  "identity after chunked": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
  "a coding that is nearly chunked": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`,
  "a coding in two fields": `POST / HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  "a folded coding": `POST / HTTP/1.1\r\n${host}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`,
  "a space before the colon": `POST / HTTP/1.1\r\n${host}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  "a folded line": `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`,
  "a bare line feed": `GET / HTTP/1.1\r\n${host}X: a\nContent-Length: 34\r\n\r\n`,
  "bare line feeds throughout": "GET / HTTP/1.1\nHost: a\n\n",
  "a bare carriage return": `GET / HTTP/1.1\r\n${host}X: a\rContent-Length: 34\r\n\r\n`,
  NUL: `GET / HTTP/1.1\r\n${host}X: \0\r\n\r\n`,
  "no Host": "GET / HTTP/1.1\r\n\r\n",
  "two Hosts": `GET / HTTP/1.1\r\n${host}Host: b\r\n\r\n`,
  "a Host that is none": "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
  "HTTP/0.9": "GET /\r\n\r\n",
  "a chunk's size in 0x": `${chunked}\r\n0x1\r\na\r\n0\r\n\r\n`,
  "a chunk that is longer than it says": `${chunked}\r\n1\r\nab\r\n0\r\n\r\n`,
  "a chunk after a bare line feed": `${chunked}\r\n1\na\r\n0\r\n\r\n`,
  "a chunk's extension with a bare line feed": `${chunked}\r\n1;\n\r\na\r\n0\r\n\r\n`,
  "an absolute URL with a user": `GET http://a@b/ HTTP/1.1\r\n${host}\r\n`,
  "an absolute URL of another scheme": `GET ftp://b/ HTTP/1.1\r\n${host}\r\n`,
  "a fragment": `GET /a#b HTTP/1.1\r\n${host}\r\n`,
  "dot segments": `GET /a/%2E%2e/b HTTP/1.1\r\n${host}\r\n`,
  "dot segments behind a backslash": `GET /a\\..\\b HTTP/1.1\r\n${host}\r\n`,
  "dot segments of an absolute URL": `GET http://a/b/../c HTTP/1.1\r\n${host}\r\n`,
  "a target without a slash": `GET * HTTP/1.1\r\n${host}\r\n`,
};

describe("The safety of http()", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const [what, text] of Object.entries(ambiguous)) {
    it(`answers ${what} with 400 and closes, and serves no request hidden in it`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const answer = await talk(port(), Buffer.from(text + hidden, "latin1"));
      expect(answer)
        .to.match(/^HTTP\/1\.1 400 Bad Request\r\n/)
        .and.include("connection: close");
      expect(answer.match(/HTTP\/1\.1/g)).to.have.lengthOf(1);
      await ask(port(), { path: "/next" });
      expect(upstream.asked.filter((asked) => asked !== "POST /")).to.deep.equal(["GET /next"]);
    });
  }

  it("answers CONNECT with 405, and connects to nothing", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    expect(await talk(port(), `CONNECT ${upstream.endpoint} HTTP/1.1\r\nHost: ${upstream.endpoint}\r\n\r\n`)).to.match(/^HTTP\/1\.1 405 /);
    const { status } = await askOn(openHttp2(cleanup, port()), { ":method": "CONNECT", ":authority": upstream.endpoint });
    expect(status).to.equal(405);
    expect(upstream.connections).to.equal(0);
  });

  it("answers a head that is too large with 431 and closes", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const requests = [
      `GET / HTTP/1.1\r\n${host}X: ${"a".repeat(20 * 1024)}\r\n\r\n`,
      `GET / HTTP/1.1\r\n${host}${"X: a\r\n".repeat(2_000)}\r\n`,
      `GET /${"a".repeat(1024 * 1024)} HTTP/1.1\r\n${host}\r\n`,
    ];
    for (const request of requests) expect(await talk(port(), request)).to.match(/^HTTP\/1\.1 431 /);
    expect(upstream.connections).to.equal(0);
  });

  it("answers the requests before a malformed one first", async () => {
    const upstream = await startHttpUpstream(cleanup, (request, response) => {
      setTimeout(() => response.end(`answer to ${request.url}`), 30);
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const answers = await talk(port(), `GET /good HTTP/1.1\r\n${host}\r\nGET /bad\r\n\r\n`);
    expect(answers).to.match(/^HTTP\/1\.1 200 .*answer to \/goodHTTP\/1\.1 400 /s);
  });

  it("serves nothing after a request with `Connection: close`", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const answers = await talk(port(), `GET /last HTTP/1.1\r\n${host}Connection: close\r\n\r\n${hidden}`);
    expect(answers.match(/HTTP\/1\.1 200/g)).to.have.lengthOf(1);
    expect(upstream.asked).to.deep.equal(["GET /last"]);
  });

  it("ends the connection after an answer if it never asked for the request's body", async () => {
    const { port } = await startHttpProxy(cleanup, { routes: [{ path: "/a", upstream: "127.0.0.1:9" }] });
    const expecting = `POST /none HTTP/1.1\r\n${host}Expect: 100-continue\r\nContent-Length: 34\r\n\r\n`;
    const answers = await talk(port(), expecting + hidden);
    expect(answers).to.match(/^HTTP\/1\.1 404 .*\r\nconnection: close\r\n/is);
    expect(answers.match(/HTTP\/1\.1/g)).to.have.lengthOf(1);
  });

  it("passes hints on unchanged, and no invalid trailer", async () => {
    const upstream = await startUpstream((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 103 Early Hints\r\nLink: nonsense\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        socket.end("2\r\nhi\r\n0\r\nX: a\x01b\r\n\r\n", "latin1");
      });
    });
    cleanup.add(() => upstream.close());
    const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    expect(await talk(port(), `GET / HTTP/1.1\r\n${host}Connection: close\r\n\r\n`).catch(String))
      .to.match(/^HTTP\/1\.1 103 [^]*Link: nonsense|ECONNRESET/)
      .and.not.match(/x: a/i);
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
  });

  it("passes no connection-specific fields on, in either direction", async () => {
    const upstream = await startHttpUpstream(cleanup, (request, response) => {
      response.setHeader("connection", "x-hop");
      response.setHeader("x-hop", "1");
      response.setHeader("keep-alive", "timeout=77");
      response.setHeader("proxy-authenticate", "Basic");
      response.setHeader("upgrade", "h2c");
      response.end(JSON.stringify({ headers: request.headers }));
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const headers = {
      connection: "close, X-Hop",
      "x-hop": "1",
      te: "trailers",
      "proxy-authorization": "p",
      "keep-alive": "7",
      upgrade: "h2c",
    };
    const answer = await ask(port(), { headers });
    expect(answer.told.headers).to.not.have.any.keys("x-hop", "te", "proxy-authorization", "upgrade", "keep-alive");
    expect(answer.headers).to.not.have.any.keys("x-hop", "proxy-authenticate", "upgrade");
    expect(answer.headers["keep-alive"]).to.not.equal("timeout=77");
  });

  it("sets the fields that name the client itself", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const spoofed = {
      host: "a:1",
      "x-forwarded-for": "6.6.6.6",
      "x-forwarded-proto": "https",
      forwarded: "for=6.6.6.6",
      X_Forwarded_For: "6.6.6.6",
    };
    const routes = [{ upstream: upstream.endpoint }];
    const strict = await startHttpProxy(cleanup, { routes });
    const seen = (await ask(strict.port(), { headers: spoofed })).told.headers;
    expect(seen).to.include({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "a:1",
      "x-forwarded-port": String(strict.port()),
    });
    expect(seen["forwarded"]).to.equal('for=127.0.0.1;host="a:1";proto=http');
    expect(JSON.stringify(seen)).to.not.include("6.6.6.6");
    const trusting = await startHttpProxy(cleanup, { routes, trustedProxies: ["127.0.0.0/8"] });
    const kept = (await ask(trusting.port(), { headers: spoofed })).told.headers;
    expect(kept).to.include({ "x-forwarded-for": "6.6.6.6, 127.0.0.1", "x-forwarded-proto": "https" });
  });

  it("times out headers, bodies and first bytes that do not come, and serves other clients meanwhile", async function () {
    this.timeout(30_000);
    const upstream = await startHttpUpstream(cleanup);
    const { port, proxy } = await startHttpProxy(cleanup, {
      timeouts: { headers: "500ms", request: "1500ms", keepAlive: "500ms" },
      routes: [{ upstream: upstream.endpoint }],
    });
    const slow: Socket[] = [];
    for (let at = 0; at < 100; at += 1) {
      const socket = await connect(port());
      socket.once("end", () => socket.end());
      slow.push(socket);
      if (at % 3 === 0) socket.write(`GET / HTTP/1.1\r\nHost`);
      if (at % 3 === 1) socket.write(`POST / HTTP/1.1\r\n${host}Content-Length: 10\r\n\r\nhalf`);
    }
    expect((await ask(port(), { path: "/normal" })).status).to.equal(200);
    await Promise.all(slow.map((socket) => closeOf(socket, 10_000)));
    await eventually(() => expect([proxy.sessions.size, upstream.open()]).to.deep.equal([0, 0]), { within: 10_000 });
  });

  it("ends a kept connection on which no request comes", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { timeouts: { keepAlive: "200ms" }, routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    socket.write(`GET / HTTP/1.1\r\n${host}\r\n`);
    await readBytes(socket, 12);
    socket.once("end", () => socket.end());
    expect(await closeOf(socket)).to.equal(undefined);
  });

  it("ignores bytes on a kept upstream connection that no request asked for", async () => {
    const answer = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    let connections = 0;
    const upstream = await startUpstream((socket) => {
      connections += 1;
      const name = String(connections);
      socket.on("data", () => {
        socket.write(answer(name), () => setTimeout(() => socket.write(answer("poison")), 20));
      });
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    expect((await ask(port())).body).to.equal("1");
    await eventually(() => expect(upstream.sockets.size).to.equal(0));
    expect((await ask(port())).body).to.equal("2");
  });

  it("repeats once a request that was sent on a kept connection while the upstream closed it", async () => {
    let requests = 0;
    const upstream = await startUpstream((socket) => {
      let served = 0;
      socket.on("data", () => {
        requests += 1;
        served += 1;
        // The second request on a connection gets no answer.
        if (served > 1) socket.resetAndDestroy();
        else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    expect((await ask(port())).status).to.equal(200);
    expect((await ask(port())).status).to.equal(200);
    expect(requests).to.equal(3);
    expect((await ask(port(), { method: "POST" })).status, "what is not idempotent").to.equal(502);
  });

  it("passes on no answer that could end one header and begin another", async () => {
    const upstream = await startUpstream((socket) => {
      socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b\r\nContent-Length: 0\r\n\r\n"));
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const { status, headers } = await ask(port());
    expect(status).to.equal(502);
    expect(headers).to.not.have.property("set-cookie");
  });

  it("limits the number of hints that it passes on", async () => {
    const hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(1_000);
    const upstream = cleanup.keep(await startUpstream((socket) => socket.once("data", () => void socket.write(hints))));
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    for (const asked of [{}, { method: "PUT", body: "x" }]) {
      const { status, body } = await ask(port(), asked);
      expect([status, body]).to.deep.equal([502, "502 Bad Gateway: SLUICE_UPSTREAM_PROTOCOL\n"]);
    }
    await eventually(() => expect(upstream.sockets.size).to.equal(0));
  });

  it("never sends a request to the listener itself", async () => {
    const { port, proxy, config } = await startHttpProxy(cleanup, { routes: [{ upstream: "127.0.0.1:9" }] });
    await proxy.apply(config({ routes: [{ upstream: `127.0.0.1:${port()}` }] }));
    const { status, body } = await ask(port());
    expect(status).to.equal(502);
    expect(body).to.include("SLUICE_UPSTREAM_LOOP");
  });
});
