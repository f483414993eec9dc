import { expect } from "chai";
import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { retry } from "sluice/plugins";
import { createCleanup } from "../support/cleanup.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";

/** Upstreams of HTTP/2 that break off in the ways that RFC 9113 knows. */
describe("HTTP/2 upstreams", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  interface Upstream {
    readonly endpoint: string;
    readonly sessions: Set<ServerHttp2Session>;
  }

  async function start(serve: (stream: ServerHttp2Stream, served: number) => void): Promise<Upstream> {
    const server: Http2Server = createServer();
    const sessions = new Set<ServerHttp2Session>();
    let served = 0;
    server.on("session", (session) => {
      sessions.add(session);
      session.on("error", () => undefined);
    });
    server.on("stream", (stream) => {
      stream.on("error", () => undefined);
      served += 1;
      serve(stream, served);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanup.add(() => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    return { endpoint: `127.0.0.1:${(server.address() as AddressInfo).port}`, sessions };
  }

  const answer = (stream: ServerHttp2Stream): void => {
    stream.respond({ ":status": 200 });
    stream.end("good");
  };

  it("that send GOAWAY get no more requests on that connection, and no request is lost", async () => {
    const { endpoint, sessions } = await start((stream, served) => {
      answer(stream);
      // A GOAWAY with the last stream that it has taken; it ends those.
      if (served % 3 === 0) stream.session?.close();
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
    for (let round = 0; round < 4; round += 1) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => ask(port(), {})));
      expect(answers.map(({ body }) => body)).to.deep.equal(Array.from({ length: 10 }, () => "good"));
    }
    expect(sessions.size).to.be.greaterThan(3);
  });

  it("that refuse a stream get the request again, or another endpoint gets it, with any method", async () => {
    const { endpoint } = await start((stream, served) => {
      if (served === 1) stream.close(7);
      else answer(stream);
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
    expect((await ask(port(), { method: "POST", body: "x" })).body).to.equal("good");
  });

  it("that lose their connection fail one request that may have been served, and the next request uses another connection", async () => {
    const { endpoint } = await start((stream, served) => {
      if (served === 1) stream.session?.destroy();
      else answer(stream);
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
    expect((await ask(port(), { method: "POST", body: "x" })).status).to.equal(502);
    expect((await ask(port(), { method: "POST", body: "x" })).body).to.equal("good");
  });

  it("that lose their connection get an idempotent request again with retry()", async () => {
    const { endpoint } = await start((stream, served) => {
      if (served === 1) stream.session?.destroy();
      else answer(stream);
    });
    const before = [retry({ delay: "1ms" })];
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] }, { before });
    expect((await ask(port(), {})).body).to.equal("good");
  });

  it("that reset each request are put out, though each connection begins with their settings", async () => {
    const broken = await start((stream) => stream.session?.destroy());
    const good = await start(answer);
    const endpoints = [broken.endpoint, good.endpoint];
    const { port, event } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints, http: "2", ejection: { failures: 2 } } }] });
    const seen = { isDown: false };
    const downAt = event("endpoint-down").finally(() => (seen.isDown = true));
    while (!seen.isDown) await ask(port(), { method: "POST" });
    const { endpoint, failures, code } = await downAt;
    expect({ endpoint, failures, code }).to.deep.equal({ endpoint: broken.endpoint, failures: 2, code: "SLUICE_UPSTREAM_RESET" });
  });

  it("whose response breaks off break off the client's response", async () => {
    const { endpoint } = await start((stream) => {
      stream.respond({ ":status": 200 });
      stream.write("half", () => stream.destroy(new Error("broken")));
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
    const outcome = await ask(port(), {}).then(
      () => "a whole response",
      () => "broken off",
    );
    expect(outcome).to.equal("broken off");
  });

  it("send trailers and no body", async () => {
    const { endpoint } = await start((stream) => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
      stream.end();
    });
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
    const { status, body } = await ask(port(), {});
    expect([status, body]).to.deep.equal([200, ""]);
  });
});
