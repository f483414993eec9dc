import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { frame, preface } from "../support/http2-frames.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { connect } from "../support/sockets.ts";

const [HEADERS, PRIORITY, SETTINGS, PING, ACK] = [1, 2, 4, 6, 1];
const END_STREAM_AND_HEADERS = 5;
/** `GET / http` of HPACK's static table, and `:authority: a`. */
const GET = Buffer.from([0x82, 0x84, 0x86, 0x41, 1, 0x61]);
const ROUNDS = 40;

describe("HTTP/2: a flood of small frames", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("of a client is read in parts, so that others have their turn, and nothing of it is lost", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const client = cleanup.keep(await connect(port()));
    let [acknowledged, turns] = [0, 0];
    client.on("data", (chunk: Buffer) => {
      const came = chunk.toString("latin1").split(`${String.fromCharCode(PING, ACK)}\0\0\0\0`).length - 1;
      acknowledged += came;
      if (came > 0) turns += 1;
    });
    const priority = frame(PRIORITY, 99, Buffer.from([0, 0, 0, 0, 1]));
    const flood = Array.from({ length: ROUNDS }, () => [frame(PING, 0, "12345678"), ...Array.from({ length: 100 }, () => priority)]).flat();
    const requests = [1, 3].map((stream) => frame(HEADERS, stream, GET, END_STREAM_AND_HEADERS));
    client.write(Buffer.concat([preface, frame(SETTINGS, 0, ""), ...flood, ...requests]));
    await eventually(() => {
      expect(acknowledged).to.equal(ROUNDS);
      expect(upstream.asked).to.deep.equal(["GET /", "GET /"]);
    });
    expect(turns).to.be.greaterThan(ROUNDS / 4);
  });
});
