import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { WebSocket } from "ws";
import { startUpstream } from "sluice/testing";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { connectOn } from "../support/web-socket-over-http2.ts";
import { startEcho, startHttp2Echo } from "../support/web-socket-servers.ts";

/** What breaks off, waits, or is not agreed on (RFC 8441). */
describe("A WebSocket over HTTP/2 that fails, through http()", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("is reset for the other side when one side resets, and leaves nothing open", async () => {
    const { endpoint, sockets, connections } = await startEcho(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: endpoint }] });
    const session = openHttp2(cleanup, port());
    const one = await connectOn(session, "websocket", { headers: { "sec-websocket-version": "13" } });
    const [far] = [...sockets.clients];
    one.stream.close(8);
    expect(((await eventOf(far as WebSocket, "close")) as [number])[0]).to.equal(1006);
    const two = await connectOn(session, "websocket", { headers: { "sec-websocket-version": "13" } });
    const closed = eventOf(two.stream, "close");
    for (const connection of connections) connection.resetAndDestroy();
    two.stream.resume();
    await closed;
    expect(two.stream.rstCode).to.equal(8);
    const three = await connectOn(session, "websocket", { headers: { "sec-websocket-version": "13" } });
    await eventually(() => expect(sockets.clients.size).to.equal(1));
    session.destroy();
    await eventually(() => expect(sockets.clients.size).to.equal(0));
    expect(three.status).to.equal(200);
  });

  it("sends CANCEL to an HTTP/2 upstream if the client resets, and resets the client if the upstream resets or is lost", async () => {
    const upstream = await startHttp2Echo(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [upstream.endpoint], http: "2" } }] });
    const session = openHttp2(cleanup, port());
    const one = await connectOn(session, "websocket");
    one.stream.close(8);
    await eventually(() => expect([upstream.streams[0]?.closed, upstream.streams[0]?.rstCode]).to.deep.equal([true, 8]));
    for (const how of ["resets", "is lost"]) {
      const { stream } = await connectOn(session, "websocket");
      const closed = eventOf(stream, "close");
      stream.resume();
      const far = upstream.streams.at(-1);
      if (how === "resets") far?.close(2);
      else far?.session?.destroy();
      await closed;
      expect(stream.rstCode, how).to.equal(8);
    }
  });

  it("stalls an upstream whose client does not read, and loses nothing when the client reads again", async () => {
    const block = randomBytes(64 * 1024);
    const total = 300 * block.length;
    let sent = 0;
    const upstream = await startUpstream((socket) => {
      socket.once("data", () => {
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n");
        const more = (): void => {
          while (sent < total) {
            sent += block.length;
            if (!socket.write(block)) {
              socket.once("drain", more);
              return;
            }
          }
          socket.end();
        };
        more();
      });
    });
    cleanup.add(() => upstream.close());
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const { stream } = await connectOn(openHttp2(cleanup, port()), "foo");
    const held = await new Promise<number>((resolve) => {
      let last = -1;
      const look = (): void => {
        if (last === sent && sent > 0) resolve(sent);
        else {
          last = sent;
          setTimeout(look, 200);
        }
      };
      look();
    });
    expect(held).to.be.lessThan(total);
    let got = 0;
    stream.on("data", (chunk: Buffer) => (got += chunk.length));
    await eventOf(stream, "end", 20_000);
    expect(got).to.equal(total);
  });

  it("is refused if no upstream accepts it, and never treated as accepted", async () => {
    const refusing = await startHttpUpstream(cleanup, (_request, response) => response.writeHead(403, { "x-why": "no" }).end("not here"));
    // Ignores the upgrade, as any server may.
    const ignoring = await startHttpUpstream(cleanup);
    const lying = await startUpstream((socket) => {
      socket.once("data", () =>
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: nonsense\r\n\r\n",
        ),
      );
    });
    cleanup.add(() => lying.close());
    const unable = await startHttp2Echo(cleanup, {});
    const { port } = await startHttpProxy(cleanup, {
      routes: [
        { path: "/refusing", upstream: refusing.endpoint },
        { path: "/ignoring", upstream: ignoring.endpoint },
        { path: "/lying", upstream: lying.endpoint },
        { path: "/unable", upstream: { endpoints: [unable.endpoint], http: "2" } },
      ],
    });
    const session = openHttp2(cleanup, port());
    const answer = async (path: string): Promise<[number, string]> => {
      const { stream, status } = await connectOn(session, "websocket", { path });
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      await eventOf(stream, "close");
      return [status, String(Buffer.concat(chunks))];
    };
    expect(await answer("/refusing")).to.deep.equal([403, "not here"]);
    for (const path of ["/ignoring", "/lying", "/unable"]) {
      const [status, body] = await answer(path);
      expect([path, status]).to.deep.equal([path, 502]);
      expect(body).to.include("SLUICE_UPSTREAM_PROTOCOL");
    }
    expect((await answer("/nowhere"))[0]).to.equal(404);
    expect(unable.asked).to.deep.equal([]);
    expect((await askOn(session, { ":path": "/ignoring" })).status).to.equal(200);
    await eventually(() => expect(lying.sockets.size).to.equal(0));
  });
});
