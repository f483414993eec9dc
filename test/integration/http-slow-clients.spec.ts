import { expect } from "chai";
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { once } from "node:events";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream, type HttpUpstream } from "../support/http-upstream.ts";
import { connect } from "../support/sockets.ts";

const MiB = 1024 * 1024;

describe("Clients that do not read, through http()", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** An upstream with long answers and short ones. */
  function startLarge(bytes = 40 * MiB): Promise<HttpUpstream> {
    return startHttpUpstream(cleanup, (request, response) => {
      response.end(request.url === "/short" ? "short" : Buffer.alloc(bytes));
    });
  }

  function open(port: number, initialWindowSize: number): ClientHttp2Session {
    const client = connectHttp2(`http://127.0.0.1:${port}`, { settings: { initialWindowSize } });
    client.on("error", () => undefined);
    cleanup.add(() => void client.destroy());
    return client;
  }

  function asks(client: ClientHttp2Session, path: string): ClientHttp2Stream {
    const stream = client.request({ ":path": path });
    stream.on("error", () => undefined);
    return stream;
  }

  const closed = (stream: ClientHttp2Stream): Promise<unknown> =>
    bounded(new Promise((resolve) => stream.once("close", resolve)), "the end of a stream", 10_000);

  const timeouts = { send: "300ms" };

  for (const method of ["GET", "POST"]) {
    it(`over HTTP/1 lose their response, and the upstream is released: ${method}`, async () => {
      const upstream = await startLarge();
      const { port, proxy, ended } = await startHttpProxy(cleanup, { timeouts, routes: [{ upstream: upstream.endpoint }] });
      const socket = cleanup.keep(await connect(port()));
      socket.pause();
      const body = method === "GET" ? "\r\n" : "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Trailer: 1\r\n\r\n";
      socket.write(`${method} /large HTTP/1.1\r\nHost: a\r\n${body}`);
      expect((await ended()).reason).to.equal("SLUICE_CLIENT_TIMEOUT");
      await eventually(() => expect([proxy.sessions.size, upstream.open()]).to.deep.equal([0, 0]));
    });
  }

  for (const path of ["/large", "/short"]) {
    it(`over HTTP/2 lose their response even if their PINGs are answered, and no other stream is lost: ${path}`, async () => {
      const upstream = await startLarge();
      const { port } = await startHttpProxy(cleanup, { timeouts, routes: [{ upstream: upstream.endpoint }] });
      const client = open(port(), 0);
      const pings = setInterval(() => client.destroyed || client.ping(() => undefined), 50);
      cleanup.add(() => {
        clearInterval(pings);
      });
      const still = asks(client, path);
      await closed(still);
      expect(still.rstCode).to.not.equal(0);
      await eventually(() => expect(upstream.open()).to.be.at.most(1));
      client.settings({ initialWindowSize: 65_535 });
      const next = asks(client, "/short").setEncoding("utf8");
      const [body] = (await once(next, "data")) as [string];
      expect(body).to.equal("short");
      expect((await ask(port(), { path: "/short" })).body).to.equal("short");
    });
  }

  it("over HTTP/2 are served as slowly as they read, as long as they read at all", async () => {
    const upstream = await startLarge(60_000);
    const { port } = await startHttpProxy(cleanup, { timeouts: { send: "1s" }, routes: [{ upstream: upstream.endpoint }] });
    const stream = asks(open(port(), 2_000), "/large");
    let bytes = 0;
    stream.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      stream.pause();
      setTimeout(() => stream.resume(), 60);
    });
    await closed(stream);
    expect([bytes, stream.rstCode]).to.deep.equal([60_000, 0]);
  });

  it("are not confused with clients whose upstream sends nothing", async () => {
    const upstream = await startHttpUpstream(cleanup, (_request, response) => {
      response.write("first");
      setTimeout(() => response.end("last"), 600);
    });
    const { port } = await startHttpProxy(cleanup, { timeouts: { send: "100ms" }, routes: [{ upstream: upstream.endpoint }] });
    expect((await ask(port())).body).to.equal("firstlast");
    const stream = asks(open(port(), 65_535), "/").setEncoding("utf8");
    let body = "";
    stream.on("data", (text: string) => (body += text));
    await closed(stream);
    expect([body, stream.rstCode]).to.deep.equal(["firstlast", 0]);
  });
});
