import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { Duplex } from "node:stream";
import { of } from "rxjs";
import type { ExchangeEnd } from "sluice";
import { tlsTermination } from "sluice/plugins";
import { WebSocket } from "ws";
import { eventOf } from "../support/bounded.ts";
import { startBrowser } from "../support/browser.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { connectOn, webSocketOn } from "../support/web-socket-over-http2.ts";
import { plugin } from "../support/with-proxy.ts";
import { nextMessage, startEcho, startHttp2Echo } from "../support/web-socket-servers.ts";

/** WebSockets on streams of HTTP/2 (RFC 8441), on either side or both. */
describe("A WebSocket over HTTP/2 through http()", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function converse(socket: WebSocket): Promise<void> {
    expect(String(await nextMessage(socket))).to.equal("at /ws?x=1");
    for (const message of [Buffer.from("é"), randomBytes(3_000_000)]) {
      socket.send(message);
      expect((await nextMessage(socket)).equals(message)).to.equal(true);
    }
    socket.close(4_001, "bye");
    expect(((await eventOf(socket, "close")) as [number])[0]).to.equal(4_001);
  }

  for (const scheme of ["http", "https"] as const) {
    it(`reaches an HTTP/1.1 upstream over ${scheme}, next to other requests of the connection`, async () => {
      const { endpoint } = await startEcho(cleanup);
      const before = scheme === "https" ? [tlsTermination({ ...(await createCertificate("localhost")), alpn: ["h2"] })] : [];
      const ends: ExchangeEnd[] = [];
      let seen = "";
      const spy = plugin("spy", {
        exchange: (attempt, request) => {
          const { method, httpVersion, upgrade, body } = request;
          if (request.isUpgrade) seen = `${method} ${httpVersion} ${upgrade} ${body === undefined}`;
          request.onEnd((end) => ends.push(end));
          return attempt;
        },
      });
      const listener = scheme === "https" ? { listen: "tls://127.0.0.1:0" } : {};
      const routes = [{ path: "/ws", method: "GET", upstream: endpoint }, { upstream: endpoint }];
      const { port } = await startHttpProxy(cleanup, { routes }, { before: [...before, spy], listener });
      const session = openHttp2(cleanup, port(), scheme);
      const { stream, status, headers } = await connectOn(session, "websocket", {
        path: "/ws?x=1",
        headers: { "sec-websocket-version": "13", "sec-websocket-protocol": "chat" },
      });
      expect([status, headers["sec-websocket-protocol"]]).to.deep.equal([200, "chat"]);
      expect(headers).to.not.have.any.keys("sec-websocket-accept", "upgrade", "connection");
      const socket = webSocketOn(cleanup, stream, "client");
      const [page] = await Promise.all([askOn(session, { ":path": "/" }), converse(socket)]);
      expect(String(page.body)).to.equal("<h1>page</h1>");
      expect(seen).to.equal("GET 2.0 websocket true");
      await eventually(() =>
        expect(ends.map(({ status: each, error }) => [each, error])).to.deep.equal([
          [200, undefined],
          [200, undefined],
        ]),
      );
      const tunnel = ends.find(({ responseBytes }) => responseBytes > 100);
      expect(tunnel?.requestBytes).to.be.greaterThan(3_000_000);
    });
  }

  it("reaches an HTTP/2 upstream that accepts it, from HTTP/1.1 and from HTTP/2", async () => {
    const upstream = await startHttp2Echo(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [upstream.endpoint], http: "2" } }] });
    const one = new WebSocket(`ws://127.0.0.1:${port()}/ws?x=1`, ["chat"]);
    cleanup.add(() => one.terminate());
    await converse(one);
    expect(one.protocol).to.equal("chat");
    const { stream } = await connectOn(openHttp2(cleanup, port()), "websocket", { path: "/ws?x=1" });
    await converse(webSocketOn(cleanup, stream, "client"));
    expect(upstream.asked.map(({ ":method": method, ":protocol": protocol }) => `${method} ${protocol}`)).to.deep.equal([
      "CONNECT websocket",
      "CONNECT websocket",
    ]);
    for (const asked of upstream.asked) expect(asked).to.not.have.any.keys("sec-websocket-key", "te", "upgrade");
    // Its streams are free again, and the connection is used for what follows.
    expect(String((await askOn(openHttp2(cleanup, port()), { ":path": "/" })).body)).to.equal("plain");
    expect(new Set(upstream.streams.map((each) => each.session)).size).to.be.at.most(1);
  });

  it("may be any other protocol, whose bytes pass, and whose two directions end separately", async () => {
    const upstream = await startHttp2Echo(cleanup, { enableConnectProtocol: true }, (stream) => {
      stream.respond({ ":status": 200 });
      stream.write("hello ");
      stream.on("data", (chunk: Buffer) => stream.write(chunk)).once("end", () => stream.end("last"));
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [upstream.endpoint], http: "2" } }] });
    const { stream } = await connectOn(openHttp2(cleanup, port()), "foo-bar");
    const chunks: string[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(String(chunk)));
    stream.end("abc");
    await eventOf(stream, "close");
    expect([chunks.join(""), stream.rstCode]).to.deep.equal(["hello abclast", 0]);
  });

  it("can be answered by a hook instead of an upstream", async () => {
    const answering = plugin("answering", {
      exchange: () =>
        of({
          status: 101,
          headers: { "x-own": "1" },
          upgraded: Duplex.from(async function* (source: AsyncIterable<Buffer>) {
            for await (const chunk of source) yield String(chunk).toUpperCase();
          }),
        }),
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: "127.0.0.1:9" }] }, { before: [answering] });
    const { stream, status, headers } = await connectOn(openHttp2(cleanup, port()), "shout");
    expect([status, headers["x-own"]]).to.deep.equal([200, "1"]);
    const chunks: string[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(String(chunk)));
    stream.end("abc");
    await eventOf(stream, "close");
    expect(chunks.join("")).to.equal("ABC");
  });

  it("continues during a reload, and new WebSockets use the new routes", async () => {
    const { endpoint } = await startEcho(cleanup);
    const other = await startEcho(cleanup);
    const { port, proxy, config } = await startHttpProxy(cleanup, { routes: [{ upstream: endpoint }] });
    const session = openHttp2(cleanup, port());
    const headers = { "sec-websocket-version": "13" };
    const open = async (): Promise<WebSocket> => {
      const socket = webSocketOn(cleanup, (await connectOn(session, "websocket", { headers })).stream, "client");
      await nextMessage(socket);
      return socket;
    };
    const one = await open();
    await proxy.apply(config({ routes: [{ upstream: other.endpoint }] }));
    one.send("after");
    expect(String(await nextMessage(one))).to.equal("after");
    await open();
    expect(other.sockets.clients.size).to.equal(1);
  });

  it("is opened by a real Chromium", async function () {
    const chromium = requireTool(this, "chromium");
    const { endpoint } = await startEcho(cleanup);
    const versions: string[] = [];
    const spy = plugin("spy", {
      exchange: (attempt, { httpVersion, isUpgrade }) => {
        if (isUpgrade) versions.push(httpVersion);
        return attempt;
      },
    });
    const before = [tlsTermination({ ...(await createCertificate("localhost")), alpn: ["h2", "http/1.1"] }), spy];
    const { port } = await startHttpProxy(
      cleanup,
      { routes: [{ upstream: endpoint }] },
      { before, listener: { listen: "tls://127.0.0.1:0" } },
    );
    const browser = await startBrowser(cleanup, chromium);
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    await page.goto(`https://localhost:${port()}/`);
    const said = await page.evaluate(`new Promise((resolve, reject) => {
      const socket = new WebSocket("wss://" + location.host + "/ws");
      const got = [];
      socket.onerror = () => reject(new Error("the WebSocket failed"));
      socket.onopen = () => socket.send("from Chromium");
      socket.onmessage = ({ data }) => { got.push(data); if (got.length === 2) socket.close(1000); };
      socket.onclose = ({ code }) => resolve([...got, code]);
    })`);
    expect(said).to.deep.equal(["at /ws", "from Chromium", 1000]);
    expect(versions).to.deep.equal(["2.0"]);
  });

  for (const protocol of ["h2c", "h2", "HTTP/2.0", "http/1.1", "websocket, h2c", "websocket h2c"]) {
    it(`is passed on, but ${protocol} is not: its requests would not pass the routes`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const session = openHttp2(cleanup, port());
      expect((await connectOn(session, protocol)).status).to.equal(501);
      expect((await askOn(session, { ":path": "/" })).status).to.equal(200);
      expect(upstream.asked).to.deep.equal(["GET /"]);
    });
  }
});
