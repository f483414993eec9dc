import { expect } from "chai";
import { createServer, type ServerHttp2Session } from "node:http2";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { ACK, HEADERS, SETTINGS, startRawHttp2, type RawUpstream } from "../support/raw-http2-upstream.ts";
import { portOf } from "../support/sockets.ts";

/** SETTINGS_MAX_CONCURRENT_STREAMS, with the value 0. */
const NO_STREAMS = Buffer.from([0, 3, 0, 0, 0, 0]);

describe("An HTTP/2 upstream that changes how many streams it allows", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const isOpen of [false, true]) {
    it(`gets the next request over another connection when it allows none any more${isOpen ? ", while one is open" : ""}`, async () => {
      const { endpoint, connections } = await startRawHttp2(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
      const client = openHttp2(cleanup, port());
      const asked = (at: number): number | undefined => connections[at]?.of(HEADERS)[0]?.stream;
      const first = askOn(client, { ":path": "/first" });
      await eventually(() => {
        expect(asked(0)).to.equal(1);
      });
      const upstream = connections[0] as RawUpstream;
      if (!isOpen) {
        upstream.answer(1, "first");
        await first;
      }
      upstream.send(SETTINGS, 0, 0, NO_STREAMS);
      await eventually(() => {
        expect(upstream.of(SETTINGS, ACK)).to.have.length(2);
      });
      const second = askOn(client, { ":path": "/second" });
      await eventually(() => {
        expect(asked(1)).to.equal(1);
      });
      connections[1]?.answer(1, "second");
      expect(String((await bounded(second, "the second answer")).body)).to.equal("second");
      if (isOpen) upstream.answer(1, "first");
      expect(String((await bounded(first, "the first answer")).body)).to.equal("first");
      expect(connections).to.have.length(2);
    });
  }

  it("gets the first request when it allows some, after it allowed none at first", async () => {
    const server = createServer({ settings: { maxConcurrentStreams: 0 } });
    const sessions: ServerHttp2Session[] = [];
    server.on("session", (session) => {
      sessions.push(session);
      session.on("error", () => undefined);
      cleanup.add(() => session.destroy());
    });
    server.on("stream", (stream) => {
      stream.respond({ ":status": 200 });
      stream.end("hello");
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    const upstream = { endpoints: [`127.0.0.1:${portOf(server)}`], http: "2" as const };
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream }] });
    const answer = askOn(openHttp2(cleanup, port()), { ":path": "/" });
    await eventually(() => {
      expect(sessions[0]?.pendingSettingsAck).to.equal(false);
    });
    sessions[0]?.settings({ maxConcurrentStreams: 10 });
    expect(String((await bounded(answer, "the answer")).body)).to.equal("hello");
    expect(sessions).to.have.length(1);
  });
});
