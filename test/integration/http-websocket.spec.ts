import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { each } from "sluice/flow";
import { tlsTermination } from "sluice/plugins";
import { WebSocket, WebSocketServer, type RawData } from "ws";
import { startUpstream } from "sluice/testing";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { talk } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { closeOf, connect, freePort, portOf, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const asking = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

describe("WebSocket through http()", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** An upstream that echoes messages, and says first where it was asked. */
  async function startEcho(): Promise<string> {
    const server = createServer((_request, response) => response.end("plain"));
    const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered][0] ?? false });
    sockets.on("connection", (socket, { url }) => {
      socket.send(`at ${url}`);
      socket.on("message", (data, isBinary) => {
        socket.send(data, { binary: isBinary });
      });
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => {
      sockets.close();
      server.close();
      server.closeAllConnections();
      for (const socket of sockets.clients) socket.terminate();
    });
    return `127.0.0.1:${portOf(server)}`;
  }

  function open(url: string): WebSocket {
    const socket = new WebSocket(url, ["chat"], { rejectUnauthorized: false });
    socket.on("error", () => undefined);
    cleanup.add(() => socket.terminate());
    return socket;
  }

  const next = async (socket: WebSocket): Promise<Buffer> => {
    const [data] = (await eventOf(socket, "message")) as [RawData];
    return data as Buffer;
  };

  for (const scheme of ["ws", "wss"]) {
    it(`carries messages in both directions over ${scheme}, large ones too, and its close`, async () => {
      const endpoint = await startEcho();
      const secure = scheme === "wss";
      const before = secure ? [tlsTermination({ ...(await createCertificate("localhost")), alpn: ["h2", "http/1.1"] })] : [];
      const listener = secure ? { listen: "tls://127.0.0.1:0" } : {};
      const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ path: "/ws", upstream: endpoint }] }, { before, listener });
      const socket = open(`${scheme}://127.0.0.1:${port()}/ws?x=1`);
      expect(String(await next(socket))).to.equal("at /ws?x=1");
      expect(socket.protocol).to.equal("chat");
      const large = randomBytes(3_000_000);
      for (const message of [Buffer.from("é"), large]) {
        socket.send(message);
        expect((await next(socket)).equals(message)).to.equal(true);
      }
      socket.close(4_001, "bye");
      expect(((await eventOf(socket, "close")) as [number])[0]).to.equal(4_001);
      await eventually(() => expect(proxy.sessions.size).to.equal(0));
    });
  }

  it("is seen by byte hooks, and continues during a reload that replaces the hooks and the routes", async () => {
    const endpoint = await startEcho();
    let seen = "";
    const spy = (sign: string): ReturnType<typeof plugin> =>
      plugin("spy", {
        fromUpstream: (data) => data.pipe(each((chunk) => ((seen += `${sign}${chunk.toString("latin1")}`), chunk))),
      });
    const { port, proxy, config } = await startHttpProxy(cleanup, { routes: [{ upstream: endpoint }] }, { before: [spy("<")] });
    const socket = open(`ws://127.0.0.1:${port()}/`);
    await next(socket);
    socket.send("before");
    await next(socket);
    expect(seen).to.include("101 Switching Protocols").and.include("before");
    const other = await startHttpUpstream(cleanup);
    await proxy.apply(config({ routes: [{ upstream: other.endpoint }] }, [spy(">")]));
    socket.send("after");
    expect(String(await next(socket))).to.equal("after");
    expect(seen).to.match(/>.*after$/s);
    expect(other.connections).to.equal(0);
  });

  it("is answered with 404, with 502 or with the upstream's response, if it cannot be opened", async () => {
    const plain = await startHttpUpstream(cleanup, (_request, response) => {
      response.writeHead(403, { "x-why": "no" }).end("not here");
    });
    const { port } = await startHttpProxy(cleanup, {
      routes: [
        { path: "/refused", upstream: `127.0.0.1:${await freePort()}` },
        { path: "/plain", upstream: plain.endpoint },
      ],
    });
    const answer = (path: string): Promise<string> => talk(port(), asking.replace("GET /", `GET ${path}`));
    expect(await answer("/none"))
      .to.match(/^HTTP\/1\.1 404 /)
      .and.include("SLUICE_HTTP_NO_ROUTE");
    expect(await answer("/refused"))
      .to.match(/^HTTP\/1\.1 502 /)
      .and.include("SLUICE_UPSTREAM_REFUSED");
    expect(await answer("/plain"))
      .to.match(/^HTTP\/1\.1 403 /)
      .and.match(/x-why: no/i)
      .and.include("not here");
  });

  it("delivers bytes that come together with a head, and the end of each direction separately", async () => {
    const upstream = await startUpstream((socket) => {
      socket.once("data", () => socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly"));
      socket.on("data", (chunk: Buffer) => {
        if (String(chunk) === "late") socket.end("last");
      });
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    socket.write(asking);
    const chunks: string[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(String(chunk)));
    await eventually(() => expect(chunks.join("")).to.match(/early$/));
    socket.end("late");
    await bounded(new Promise((resolve) => socket.once("end", resolve)), "the end");
    expect(chunks.join("")).to.match(/earlylast$/);
  });

  for (const side of ["client", "upstream"] as const) {
    it(`is reset for the other side when its ${side} resets`, async () => {
      const upstream = await startUpstream((socket) => {
        socket.once("data", () => socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"));
      });
      cleanup.add(() => upstream.close());
      const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const socket = await connect(port());
      socket.write(asking);
      await readBytes(socket, 12);
      const [far] = [...upstream.sockets];
      if (far === undefined) throw new Error("the upstream has no connection");
      const [reset, other] = side === "client" ? [socket, far] : [far, socket];
      reset.resetAndDestroy();
      expect(await closeOf(other)).to.equal("ECONNRESET");
      await eventually(() => expect([proxy.sessions.size, upstream.sockets.size]).to.deep.equal([0, 0]));
    });
  }

  it("is opened after an earlier request on the connection has been answered", async () => {
    const upstream = await startUpstream((socket) => {
      socket.on("data", (chunk: Buffer) => {
        if (String(chunk).startsWith("GET /first")) setTimeout(() => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst"), 20);
        else if (String(chunk).startsWith("GET / "))
          socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        else socket.end(chunk);
      });
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const answers = await talk(port(), `GET /first HTTP/1.1\r\nHost: a\r\n\r\n${asking}frames`);
    expect(answers).to.match(/^HTTP\/1\.1 200 .*firstHTTP\/1\.1 101 .*frames$/s);
  });

  for (const what of ["h2c", "HTTP/2.0", "h2c, h2"]) {
    it(`is passed on, but HTTP/2 is not: an upgrade to ${what} is ignored, and the connection continues`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const first = `POST /1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: ${what}\r\nHTTP2-Settings: AA\r\nContent-Length: 2\r\n\r\nhi`;
      const answers = await talk(port(), `${first}GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      expect(upstream.asked).to.deep.equal(["POST /1", "GET /2"]);
      expect(answers.match(/HTTP\/1\.1 200/g)).to.have.lengthOf(2);
      expect(answers).to.include('"body":"hi"').and.not.include("http2-settings").and.not.include('"upgrade"');
    });
  }
});
