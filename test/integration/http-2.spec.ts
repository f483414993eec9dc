import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { connect as connectSocket } from "node:net";
import { rateLimit, tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { askOn } from "../support/http2-client.ts";
import { startHttpProxy, type HttpProxy, type HttpProxyOptions, type HttpUse } from "../support/http-proxy.ts";
import { startHttpUpstream, telling } from "../support/http-upstream.ts";
import { requireIpv6 } from "../support/require-ipv6.ts";
import { closeOf, connect, freePort, sha256 } from "../support/sockets.ts";

describe("HTTP/2 from the client", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("is served over IPv6 to a Node client, which omits the brackets of the address", async function () {
    requireIpv6(this);
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: upstream.endpoint }] },
      { listener: { listen: "tcp://[::1]:0" } },
    );
    const session = cleanup.keep(connectHttp2(`http://[::1]:${port()}`));
    const { status, told } = await askOn(session, { ":path": "/" });
    expect(status).to.equal(200);
    expect(told().headers).to.include({ host: `[::1]:${port()}` });
  });

  for (const scheme of ["http", "https"] as const) {
    const start = async (options: HttpUse, more: HttpProxyOptions = {}): Promise<HttpProxy> => {
      if (scheme === "http") return startHttpProxy(cleanup, options, more);
      const tls = tlsTermination({ ...(await createCertificate("localhost")), alpn: ["h2", "http/1.1"] });
      return startHttpProxy(cleanup, options, {
        ...more,
        before: [tls, ...(more.before ?? [])],
        listener: { listen: "tls://127.0.0.1:0" },
      });
    };
    const open = (port: number): ClientHttp2Session => {
      const session = connectHttp2(`${scheme}://localhost:${port}`, { rejectUnauthorized: false });
      session.on("error", () => undefined);
      cleanup.add(() => session.destroy());
      return session;
    };

    it(`is served over ${scheme}: many requests at once on one connection, to upstreams of HTTP/1.1`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port, all } = await start({ routes: [{ path: "/a", upstream: upstream.endpoint }] });
      const session = open(port());
      const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => askOn(session, { ":path": `/a/${at}?b`, cookie: "a=1" })));
      for (const [at, { status, told }] of answers.entries()) {
        expect(status).to.equal(200);
        expect(told().url).to.equal(`/a/${at}?b`);
      }
      const [first] = answers;
      expect(first?.told().headers).to.include({
        host: `localhost:${port()}`,
        cookie: "a=1",
        "x-forwarded-proto": scheme,
        "x-forwarded-host": `localhost:${port()}`,
      });
      expect(first?.told().rawHeaders.filter((name) => name.startsWith(":"))).to.deep.equal([]);
      expect((await askOn(session, { ":path": "/none" })).status).to.equal(404);
      expect(all("session-started")).to.have.lengthOf(1);
    });

    it(`streams bodies over ${scheme} both ways, also of unknown length, with trailers`, async () => {
      const bytes = randomBytes(5_000_000);
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        response.setHeader("trailer", "x-sum");
        request.pipe(response, { end: false });
        request.on("end", () => {
          response.addTrailers({ "x-sum": "7" });
          response.end();
        });
      });
      const { port } = await start({ routes: [{ upstream: upstream.endpoint }] });
      const session = open(port());
      for (const headers of [{}, { "content-length": String(bytes.length) }]) {
        const { body, trailers } = await askOn(session, { ":path": "/", ":method": "POST", ...headers }, bytes);
        expect(sha256(body)).to.equal(sha256(bytes));
        expect(trailers["x-sum"]).to.equal("7");
      }
    });

    it(`smuggles nothing over ${scheme}: bodies of every method are framed, and connection-specific fields are refused`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port } = await start({ routes: [{ upstream: upstream.endpoint }] });
      const session = open(port());
      const hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
      for (const method of ["GET", "DELETE", "OPTIONS", "POST"]) {
        const { told } = await askOn(session, { ":path": "/x", ":method": method }, Buffer.from(hidden));
        expect(told().body).to.equal(hidden);
      }
      expect((await askOn(session, { ":path": "/a/../b" })).status).to.equal(400);
      expect((await askOn(session, { ":path": "/a", ":authority": "a", host: "other" })).status).to.equal(400);
      expect(upstream.asked).to.deep.equal(["GET /x", "DELETE /x", "OPTIONS /x", "POST /x"]);
    });

    it(`answers with the code of the cause over ${scheme}, and resets a stream whose upstream dies`, async () => {
      const dying = await startUpstream((socket) => {
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"));
      });
      cleanup.add(() => dying.close());
      const before = [rateLimit({ requests: { rate: 1, per: "1h", burst: 2 } })];
      const routes = [{ upstream: `127.0.0.1:${await freePort()}` }, { path: "/dying", upstream: dying.endpoint }];
      const { port } = await start({ routes }, { before });
      const session = open(port());
      const refused = await askOn(session, { ":path": "/", accept: "application/json" });
      expect([refused.status, JSON.parse(String(refused.body)).code]).to.deep.equal([502, "SLUICE_UPSTREAM_REFUSED"]);
      expect(await askOn(session, { ":path": "/dying" }).catch(String)).to.include("NGHTTP2_INTERNAL_ERROR");
      const limited = await askOn(session, { ":path": "/" });
      expect([limited.status, Number(limited.headers["retry-after"]) > 0]).to.deep.equal([429, true]);
    });

    it(`closes the upstream's exchange over ${scheme} when its stream is reset, and other streams continue`, async () => {
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.url === "/long") response.write("x".repeat(10_000));
        else response.end("ok");
      });
      const { port, proxy } = await start({ routes: [{ upstream: upstream.endpoint }] });
      const session = open(port());
      const long = session.request({ ":path": "/long" });
      long.on("error", () => undefined);
      await eventOf(long, "response");
      long.close(8);
      await eventually(() => expect(upstream.open()).to.equal(0));
      expect(String((await askOn(session, { ":path": "/short" })).body)).to.equal("ok");
      session.destroy();
      await eventually(() => expect(proxy.sessions.size).to.equal(0));
    });

    it(`uses new routes over ${scheme} with the next request after a reload, and ends when the proxy drains`, async () => {
      const [one, two] = [await startHttpUpstream(cleanup, telling("1")), await startHttpUpstream(cleanup, telling("2"))];
      const { port, proxy, config } = await startHttpProxy(cleanup, { routes: [{ upstream: one.endpoint }] });
      const session = cleanup.keep(connectHttp2(`http://localhost:${port()}`));
      expect((await askOn(session, { ":path": "/" })).told().name).to.equal("1");
      await proxy.apply(config({ routes: [{ upstream: two.endpoint }] }));
      expect((await askOn(session, { ":path": "/" })).told().name).to.equal("2");
      await bounded(proxy.close({ drain: "20s" }), "the proxy's end");
    });
  }

  it("ends at a FIN of the client at any moment of a response, and nothing hangs", async () => {
    const upstream = await startHttpUpstream(cleanup, (request, response) => void request.pipe(response));
    const { port, proxy } = await startHttpProxy(cleanup, { timeouts: { halfClosed: "100ms" }, routes: [{ upstream: upstream.endpoint }] });
    const leave = async (bytes: number, moment: "middle" | "end"): Promise<void> => {
      const socket = connectSocket({ port: port(), host: "127.0.0.1", allowHalfOpen: true });
      cleanup.add(() => void socket.destroy());
      const session = connectHttp2("http://a", { createConnection: () => socket });
      session.on("error", () => undefined);
      const stream = session.request({ ":path": "/", ":method": "POST" });
      stream.on("error", () => undefined);
      stream.end(Buffer.alloc(bytes));
      if (moment === "middle") stream.once("data", () => socket.end());
      stream.resume().once("end", () => socket.end());
      await closeOf(socket);
    };
    for (let at = 0; at < 20; at += 1) await leave(at % 2 === 0 ? 100 : 200_000, at % 4 < 2 ? "middle" : "end");
    await eventually(() => expect([proxy.sessions.size, upstream.open()]).to.deep.equal([0, 0]), { within: 10_000 });
  });

  it("is served together with HTTP/1.1 on one listener", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    expect((await ask(port())).status).to.equal(200);
    const session = cleanup.keep(connectHttp2(`http://127.0.0.1:${port()}`));
    expect((await askOn(session, { ":path": "/" })).status).to.equal(200);
  });

  it("neither hangs nor fails on bytes that are not HTTP/2", async () => {
    const { port, proxy } = await startHttpProxy(cleanup, { timeouts: { headers: "200ms" }, routes: [{ upstream: "127.0.0.1:9" }] });
    for (const text of ["PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"\xff".repeat(500)}`, "PRI", "P"]) {
      const socket = await connect(port());
      socket.once("end", () => socket.end());
      socket.write(Buffer.from(text, "latin1"));
      await closeOf(socket);
    }
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
  });
});
