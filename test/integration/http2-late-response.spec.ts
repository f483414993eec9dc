import { expect } from "chai";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { ACK, HEADERS, PING, RST_STREAM, startRawHttp2, type Frame, type RawUpstream } from "../support/raw-http2-upstream.ts";

describe("HTTP/2 upstreams whose response comes too late", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const who of ["the client has left", "http() has given up"] as const) {
    it(`get an answer to their PING, and the next request is served, when ${who}`, async () => {
      const { endpoint, connections } = await startRawHttp2(cleanup);
      const timeouts = who === "http() has given up" ? { timeouts: { response: 1_500 } } : {};
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }], ...timeouts });
      const client = openHttp2(cleanup, port());
      const late = client.request({ ":path": "/late" });
      late.on("error", () => undefined);
      const answered = bounded(
        new Promise((resolve) => late.once("response", resolve).once("close", resolve)),
        "the end of the request",
        10_000,
      );
      await eventually(() => {
        expect(connections[0]?.of(HEADERS)).to.have.length(1);
      });
      const upstream = connections[0] as RawUpstream;
      const [first] = upstream.of(HEADERS);
      if (who === "the client has left") late.close(8);
      await answered;
      await eventually(() => {
        expect(upstream.of(RST_STREAM).map(({ stream }) => stream)).to.deep.equal([first?.stream]);
      });
      upstream.answer(first?.stream ?? 0, "too late");
      const payload = Buffer.from("12345678");
      upstream.send(PING, 0, 0, payload);
      await eventually(() => {
        expect(upstream.of(PING, ACK).map((frame) => String(frame.payload))).to.deep.equal([String(payload)]);
      });
      const next = askOn(client, { ":path": "/next" });
      const asked = (): readonly (readonly [RawUpstream, Frame])[] =>
        connections.flatMap((each) => each.of(HEADERS).map((frame) => [each, frame] as const)).filter(([, frame]) => frame !== first);
      await eventually(() => {
        expect(asked()).to.have.length(1);
      });
      for (const [connection, { stream }] of asked()) connection.answer(stream, "in time");
      expect(String((await next).body)).to.equal("in time");
      // One that let a request wait too long may be dead: the next goes elsewhere, and this one is left when its streams are over.
      expect(connections).to.have.length(who === "the client has left" ? 1 : 2);
    });
  }
});
