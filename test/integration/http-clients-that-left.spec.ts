import { expect } from "chai";
import { connect as connectHttp2 } from "node:http2";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectSecurely } from "node:tls";
import { tlsTermination } from "sluice/plugins";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { closeOf, connect } from "../support/sockets.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";

/** Sooner than any other time of http() is over. */
const soon = { within: 3_000 };

describe("HTTP: a client that left is noticed, and its upstream released", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;
  const ways: Record<string, (socket: Socket) => unknown> = { FIN: (socket) => socket.end(), RST: (socket) => socket.resetAndDestroy() };
  const states = { "waits for its response": "/silent", "gets a response that lasts": "/events" };
  const behind = { nothing: 0, "some requests": 20, "4 MB of requests": 100_000 };

  for (const [how, leave] of Object.entries(ways)) {
    for (const [state, path] of Object.entries(states)) {
      for (const [what, count] of Object.entries(behind)) {
        it(`by a ${how}, while it ${state}, with ${what} waiting`, async () => {
          const upstream = await startHttpUpstream(cleanup, (request, response) => {
            if (request.url === "/events") response.write("data: 1\n\n");
          });
          const { port, proxy, ended } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
          const socket = await connect(port());
          socket.on("error", () => undefined).resume();
          socket.write(get(path));
          await eventually(() => expect(upstream.asked).to.deep.equal([`GET ${path}`]));
          if (count > 0) await new Promise((resolve) => socket.write(get("/behind").repeat(count), resolve));
          leave(socket);
          await eventually(() => expect([proxy.sessions.size, upstream.open()]).to.deep.equal([0, 0]), soon);
          expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
          expect(upstream.asked).to.deep.equal([`GET ${path}`]);
        });
      }
    }
  }

  for (const [state, path] of Object.entries(states)) {
    it(`over HTTP/2, by the connection's end, while it ${state}`, async () => {
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.url === "/events") response.write("data: 1\n\n");
      });
      const { port, proxy } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const session = openHttp2(cleanup, port());
      for (let at = 0; at < 3; at += 1) session.request({ ":path": path }).on("error", () => undefined);
      await eventually(() => expect(upstream.asked).to.have.lengthOf(3));
      session.destroy();
      await eventually(() => expect([proxy.sessions.size, upstream.open()]).to.deep.equal([0, 0]), soon);
    });
  }

  it("by a FIN, while it waits for its response, and is not reset, since it may be closing in order", async () => {
    const upstream = await startHttpUpstream(cleanup, () => undefined);
    const { port, ended } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    socket.write(get("/silent"));
    await eventually(() => expect(upstream.asked).to.have.lengthOf(1));
    socket.end();
    expect(await closeOf(socket)).to.equal(undefined);
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
  });

  for (const [state, path] of Object.entries(states)) {
    it(`over HTTP/2, by a FIN, while it ${state}, and is not reset`, async () => {
      const upstream = await startHttpUpstream(cleanup, (request, response) => {
        if (request.url === "/events") response.write("data: 1\n\n");
      });
      const { port, ended } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
      const socket = await connect(port());
      const session = connectHttp2("http://localhost", { createConnection: () => socket });
      session.on("error", () => undefined);
      cleanup.add(() => session.destroy());
      session.request({ ":path": path }).on("error", () => undefined);
      await eventually(() => expect(upstream.asked).to.have.lengthOf(1));
      socket.end();
      expect(await closeOf(socket)).to.equal(undefined);
      expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
    });
  }

  it("but a client that has finished sending is served for as long as timeouts.halfClosed says", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { timeouts: { halfClosed: "5s" }, routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += String(chunk)));
    socket.end(get("/half"));
    await closeOf(socket);
    expect(text).to.include('"/half"');
  });

  it("but a long pipeline of a client that stays is served to its end", async () => {
    const upstream = await startHttpUpstream(cleanup, (_request, response) => void response.end("ok"));
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const socket = await connect(port());
    let answers = 0;
    socket.on("data", (chunk: Buffer) => (answers += String(chunk).split("HTTP/1.1 200").length - 1));
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(500)}\r\n\r\n`.repeat(300));
    await eventually(() => expect(answers).to.be.at.least(295), { within: 15_000 });
    socket.destroy();
  });

  it("and a client that ends after its response has left normally: its session is closed, not failed", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port, ended, all } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const session = openHttp2(cleanup, port());
    expect((await askOn(session, { ":path": "/" })).status).to.equal(200);
    session.close();
    expect((await ended()).reason).to.equal("closed");
    expect((await ask(port())).status).to.equal(200);
    await eventually(() => expect(all("session-ended").map(({ record }) => record.reason)).to.deep.equal(["closed", "closed"]));
  });

  for (const how of ["RST", "a TCP end without close_notify"] as const) {
    it(`and a client that ends by ${how} while no exchange is open has left normally, too`, async () => {
      const upstream = await startHttpUpstream(cleanup);
      const listener = how === "RST" ? {} : { listen: "tls://127.0.0.1:0" };
      const before = how === "RST" ? [] : [tlsTermination({ ...(await createCertificate("localhost")), alpn: ["h2", "http/1.1"] })];
      const { port, ended } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] }, { before, listener });
      const socket = await connect(port());
      const scheme = how === "RST" ? "http" : "https";
      const secure = (): Duplex => (how === "RST" ? socket : connectSecurely({ socket, ALPNProtocols: ["h2"], rejectUnauthorized: false }));
      const session = connectHttp2(`${scheme}://localhost`, { createConnection: secure });
      session.on("error", () => undefined);
      cleanup.add(() => session.destroy());
      expect((await askOn(session, { ":path": "/" })).status).to.equal(200);
      if (how === "RST") socket.resetAndDestroy();
      else socket.end();
      expect((await ended()).reason).to.equal("closed");
    });
  }
});
