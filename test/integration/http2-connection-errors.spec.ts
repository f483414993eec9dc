import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { frame, preface } from "../support/http2-frames.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { DATA, END_HEADERS, END_STREAM, HEADERS, OK, PING, startRawHttp2, type RawUpstream } from "../support/raw-http2-upstream.ts";
import { closeOf, connect, readAll } from "../support/sockets.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";

const CONTINUATION = 9;
const SETTINGS = 4;
/** Type, flags and stream of a GOAWAY frame. */
const GOAWAY_FRAME = Buffer.from([7, 0, 0, 0, 0, 0]);

/** Frames that are errors of the connection (RFC 9113 section 5.4.1), by what is wrong. Node answers them with GOAWAY, and no more. */
const errors: Readonly<Record<string, (stream: number) => Buffer>> = {
  "a PING of nine octets": () => frame(PING, 0, "123456789"),
  "data of no stream": () => frame(DATA, 0, "x", END_STREAM),
  "a frame that is too large": (stream) => frame(DATA, stream, Buffer.alloc(16_385)),
  "a header that cannot be decompressed": (stream) => frame(HEADERS, stream, Buffer.alloc(7, 0xff), END_HEADERS + END_STREAM),
  "another frame within a header": (stream) => Buffer.concat([frame(HEADERS, stream, OK), frame(DATA, stream, "x")]),
  "the rest of a header that has ended": (stream) => frame(CONTINUATION, stream, OK, END_HEADERS),
};

/** A response of which a part has come. */
const begun = (stream: number): Buffer => Buffer.concat([frame(HEADERS, stream, OK, END_HEADERS), frame(DATA, stream, "part")]);

/** RFC 9113 section 5.4.1: after such an error the connection is closed. */
describe("HTTP/2: an error of the connection", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  /** The stream of the newest request, once it has come. */
  const streamOf = (connections: readonly RawUpstream[], count: number): Promise<readonly [RawUpstream, number]> =>
    eventually(() => {
      const connection = connections.at(-1);
      const stream = connection?.of(HEADERS, END_HEADERS).at(-1)?.stream;
      expect(connections).to.have.lengthOf(count);
      if (connection === undefined || stream === undefined) throw new Error("no request yet");
      return [connection, stream] as const;
    });

  for (const [what, make] of Object.entries(errors)) {
    it(`of a client ends it at once: ${what}`, async () => {
      const { endpoint } = await startRawHttp2(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
      const client = cleanup.keep(await connect(port()));
      client.write(Buffer.concat([preface, frame(SETTINGS, 0, ""), make(1)]));
      expect((await readAll(client, 10_000)).includes(GOAWAY_FRAME)).to.equal(true);
    });

    it(`of an upstream fails its requests at once, and the next one gets another connection: ${what}`, async () => {
      const { endpoint, connections } = await startRawHttp2(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
      const first = ask(port(), {});
      const [connection, stream] = await streamOf(connections, 1);
      connection.socket.write(make(stream));
      const { status, body } = await first.catch(() => ({ status: 0, body: "" }));
      // Of a frame that is too large, the header may have come before.
      expect(`${status} ${body}`).to.match(/^0 $|SLUICE_UPSTREAM_PROTOCOL/);
      const second = ask(port(), {});
      const [other, next] = await streamOf(connections, 2);
      other.answer(next, "good");
      expect((await second).body).to.equal("good");
      expect(await closeOf(connection.socket, 10_000)).to.equal(undefined);
    });
  }

  it("of an upstream breaks off the responses that it has begun", async () => {
    const { endpoint, connections } = await startRawHttp2(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
    const asked = ask(port(), {}).then(
      ({ body }) => body,
      ({ code }: NodeJS.ErrnoException) => code,
    );
    const [{ socket }, stream] = await streamOf(connections, 1);
    socket.write(begun(stream));
    socket.write(frame(PING, 0, "123456789"));
    expect(await asked).to.equal("ECONNRESET");
  });

  it("of a server that does not speak HTTP/2 is told at once", async () => {
    const { endpoint, connections } = await startRawHttp2(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
    const asked = ask(port(), {});
    const [{ socket }] = await streamOf(connections, 1);
    socket.write("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    expect((await asked).body).to.contain("SLUICE_UPSTREAM_PROTOCOL");
  });
});
