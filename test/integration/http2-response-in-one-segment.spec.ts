import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { frame } from "../support/http2-frames.ts";
import { DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, OK, RST_STREAM, startRawHttp2 } from "../support/raw-http2-upstream.ts";

const PADDED = 8;
const [NO_ERROR, CANCEL] = [0, 8];
/** `ended: well`, a literal field. */
const TRAILERS = Buffer.concat([Buffer.of(0, 5), Buffer.from("ended"), Buffer.of(4), Buffer.from("well")]);

function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at);
  return bytes;
}

const data = (id: number, text: string, flags = 0): Buffer => frame(DATA, id, text, flags);
const reset = (id: number, code: number): Buffer => frame(RST_STREAM, id, uint32(code));

/** What follows the header: the body "partrest" each time. */
const shapes: Readonly<Record<string, (id: number) => readonly Buffer[]>> = {
  "one part": (id) => [data(id, "partrest", END_STREAM)],
  "two parts": (id) => [data(id, "part"), data(id, "rest", END_STREAM)],
  "an empty end": (id) => [data(id, "partrest"), data(id, "", END_STREAM)],
  padding: (id) => [data(id, "\u0003partrest\0\0\0", END_STREAM + PADDED)],
  trailers: (id) => [data(id, "partrest"), frame(HEADERS, id, TRAILERS, END_HEADERS + END_STREAM)],
  "an empty end and trailers": (id) => [data(id, "partrest"), data(id, ""), frame(HEADERS, id, TRAILERS, END_HEADERS + END_STREAM)],
  "a reset without an error behind it": (id) => [data(id, "partrest", END_STREAM), reset(id, NO_ERROR)],
  "a reset with CANCEL behind it": (id) => [data(id, "partrest", END_STREAM), reset(id, CANCEL)],
  "GOAWAY behind it": (id) => [data(id, "partrest", END_STREAM), frame(GOAWAY, 0, uint32(id, NO_ERROR))],
};

describe("A response of HTTP/2 that comes in one segment", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** `content-length: 5`, a literal field. */
  const LENGTH_5 = Buffer.concat([OK, Buffer.of(0, 14), Buffer.from("content-length"), Buffer.of(1), Buffer.from("5")]);

  for (const apart of [false, true]) {
    it(`does not look whole if it is shorter than its length says (RFC 9113 section 8.1.1)${apart ? ", also when the body comes later" : ""}`, async () => {
      const { endpoint, connections } = await startRawHttp2(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
      for (const [at, make] of [
        (id: number) => [data(id, "part", END_STREAM)],
        (id: number) => [data(id, "part"), data(id, "", END_STREAM)],
        (id: number) => [data(id, "part"), frame(HEADERS, id, TRAILERS, END_HEADERS + END_STREAM)],
      ].entries()) {
        const asked = ask(port(), { method: "POST", body: "x" }).then(
          ({ status }) => status,
          () => 0,
        );
        const id = await eventually(() => {
          const streams = connections[0]?.of(DATA, END_STREAM) ?? [];
          expect(streams).to.have.lengthOf(at + 1);
          return streams.at(-1)?.stream ?? 0;
        });
        const { socket } = connections[0] ?? {};
        const parts = [frame(HEADERS, id, LENGTH_5, END_HEADERS), ...make(id)];
        if (!apart) socket?.write(Buffer.concat(parts));
        for (const part of apart ? parts : []) {
          socket?.write(part);
          await new Promise((resolve) => void setImmediate(resolve));
        }
        expect(await asked, `${at}`).to.be.oneOf([0, 502]);
      }
    });
  }

  // With a cut, the header of the last frame has come, and its end has not.
  for (const cut of [0, 2]) {
    it(`reaches the client as it is${cut === 0 ? "" : ", and when its last octets come later"}`, async () => {
      const { endpoint, connections } = await startRawHttp2(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
      let last = 0;
      for (const [name, make] of Object.entries(shapes)) {
        const answered = ask(port(), { method: "POST", body: "x" });
        const id = await eventually(() => {
          const stream = connections[0]?.of(DATA, END_STREAM).at(-1)?.stream ?? 0;
          expect(stream, name).to.be.greaterThan(last);
          return stream;
        });
        last = id;
        const segment = Buffer.concat([frame(HEADERS, id, OK, END_HEADERS), ...make(id)]);
        const { socket } = connections[0] ?? {};
        socket?.write(segment.subarray(0, segment.length - cut));
        if (cut > 0) setImmediate(() => socket?.write(segment.subarray(-cut)));
        const { status, body, trailers } = await answered;
        const wanted = { status: 200, body: "partrest", trailers: name.endsWith("trailers") ? { ended: "well" } : {} };
        expect({ status, body, trailers }, name).to.deep.equal(wanted);
      }
    });
  }
});
