import { expect } from "chai";
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { runTool } from "../support/real-peer.ts";
import { portOf } from "../support/sockets.ts";

/** Streams to upstreams of HTTP/2 that last, wait, or are reset. */
describe("Streams to HTTP/2 upstreams", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  interface Upstream {
    readonly endpoint: string;
    readonly sessions: ServerHttp2Session[];
    readonly streams: ServerHttp2Stream[];
  }

  async function start(serve: (stream: ServerHttp2Stream, path: string) => void): Promise<Upstream> {
    const server = createServer();
    const sessions: ServerHttp2Session[] = [];
    const streams: ServerHttp2Stream[] = [];
    server.on("session", (session) => {
      sessions.push(session);
      session.on("error", () => undefined);
      cleanup.add(() => session.destroy());
    });
    server.on("stream", (stream, headers) => {
      streams.push(stream);
      stream.on("error", () => undefined);
      serve(stream, String(headers[":path"]));
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    return { endpoint: `127.0.0.1:${portOf(server)}`, sessions, streams };
  }
  const routesTo = ({ endpoint }: Upstream): object => ({ routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
  const hello = (stream: ServerHttp2Stream): void => {
    stream.respond({ ":status": 200 });
    stream.end("hello");
  };

  it("answer a PING of the upstream, so that it sees that the connection is alive", async () => {
    const upstream = await start(hello);
    const { port } = await startHttpProxy(cleanup, routesTo(upstream));
    await askOn(openHttp2(cleanup, port()), { ":path": "/" });
    const payload = Buffer.from("12345678");
    const back = await new Promise<Buffer>((resolve, reject) => {
      upstream.sessions[0]?.ping(payload, (error, _duration, bytes) => {
        if (error === null) resolve(bytes);
        else reject(error);
      });
    });
    expect(back.equals(payload)).to.equal(true);
  });

  it("continue at their upstream to their end after a reload, while new streams use the new routes", async () => {
    let end = (): void => undefined;
    const one = await start((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("first ");
      end = () => stream.end("last");
    });
    const two = await start(hello);
    const { port, proxy, config } = await startHttpProxy(cleanup, routesTo(one));
    const session = openHttp2(cleanup, port());
    const open = session.request({ ":path": "/" });
    const chunks: string[] = [];
    open.on("data", (chunk: Buffer) => chunks.push(String(chunk)));
    await eventually(() => expect(chunks.join("")).to.equal("first "));
    await proxy.apply(config(routesTo(two)));
    expect(String((await askOn(session, { ":path": "/" })).body)).to.equal("hello");
    end();
    await eventOf(open, "close");
    expect([chunks.join(""), open.rstCode]).to.deep.equal(["first last", 0]);
  });

  it("wait for a client that does not read, while other streams of the same connection continue", async () => {
    const total = 4 * 1024 * 1024;
    const upstream = await start((stream, path) => {
      if (path !== "/long") {
        hello(stream);
        return;
      }
      stream.respond({ ":status": 200 });
      stream.end(Buffer.alloc(total, "x"));
    });
    const { port } = await startHttpProxy(cleanup, routesTo(upstream));
    const session = openHttp2(cleanup, port());
    const slow = session.request({ ":path": "/long" });
    await eventOf(slow, "response");
    slow.pause();
    for (let round = 0; round < 20; round += 1) expect(String((await askOn(session, { ":path": "/" })).body)).to.equal("hello");
    expect(upstream.sessions).to.have.lengthOf(1);
    expect(upstream.streams[0]?.writableFinished).to.equal(false);
    let bytes = 0;
    slow.on("data", (chunk: Buffer) => (bytes += chunk.length)).resume();
    await eventOf(slow, "end", 20_000);
    expect(bytes).to.equal(total);
  });

  it("that are reset in the middle of a response reset the client's stream, with the codes that concern the client", async () => {
    const wanted = { 1: 2, 2: 2, 3: 2, 5: 2, 8: 8, 11: 11, 12: 12 };
    const upstream = await start((stream, path) => {
      // Node would send an end in front of the reset else.
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.write("part", () => stream.close(Number(path.slice(1))));
    });
    const { port } = await startHttpProxy(cleanup, routesTo(upstream));
    const session = openHttp2(cleanup, port());
    const got: Record<string, number | undefined> = {};
    for (const code of Object.keys(wanted)) {
      const stream = session.request({ ":path": `/${code}` });
      stream.on("error", () => undefined).resume();
      await bounded(new Promise<void>((resolve) => stream.once("close", () => resolve())), "the stream's end");
      got[code] = stream.rstCode;
    }
    expect(got).to.deep.equal(wanted);
  });

  it("carry the requests of curl --http2-prior-knowledge", async function () {
    const curl = requireTool(this, "curl");
    const upstream = await start((stream) => {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        stream.respond({ ":status": 200 });
        stream.end(`got ${Buffer.concat(chunks).length}`);
      });
    });
    const { port } = await startHttpProxy(cleanup, routesTo(upstream));
    const url = `http://127.0.0.1:${port()}/`;
    const { stdout } = await runTool(curl, [
      "-sS",
      "--http2-prior-knowledge",
      "-d",
      "x".repeat(100_000),
      "-w",
      " %{http_version} %{http_code}",
      url,
    ]);
    expect(stdout).to.equal("got 100000 2 200");
  });
});
