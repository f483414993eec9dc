import { expect } from "chai";
import { definePlugin, type PluginUse } from "sluice";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { DATA, END_STREAM, HEADERS, RST_STREAM, startRawHttp2, type RawUpstream } from "../support/raw-http2-upstream.ts";
import { connect } from "../support/sockets.ts";

/** The window that an upstream gives without another word (RFC 9113 section 6.9.2). */
const WINDOW = 65_535;
const CANCEL = 8;

const bytesOf = ({ came }: RawUpstream): number => came.reduce((sum, { type, payload }) => sum + (type === DATA ? payload.length : 0), 0);

describe("A whole request body to an HTTP/2 upstream", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** Sends a POST. @returns its client and the upstream, once the header has come there */
  async function post(
    content: string,
    use: PluginUse[] = [],
  ): Promise<{ client: Awaited<ReturnType<typeof connect>>; upstream: RawUpstream }> {
    const { endpoint, connections } = await startRawHttp2(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] }, { before: use });
    const client = cleanup.keep(await connect(port()));
    client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n\r\n${content}`);
    await eventually(() => expect(connections[0]?.of(HEADERS)).to.have.lengthOf(1));
    return { client, upstream: connections[0] as RawUpstream };
  }
  /** More than the window, in one piece. */
  const large = definePlugin("large", () => ({
    exchange: (attempt, request) => {
      request.body = Buffer.alloc(4 * WINDOW);
      return attempt;
    },
  }));

  it("is sent and ended, and is not reset when the answer has come", async () => {
    const { client, upstream } = await post("hello");
    await eventually(() => expect(upstream.of(DATA, END_STREAM)).to.have.lengthOf(1));
    expect(Buffer.concat(upstream.of(DATA).map(({ payload }) => payload)).toString()).to.equal("hello");
    upstream.answer(1, "world");
    let text = "";
    client.on("data", (chunk) => (text += String(chunk)));
    await eventually(() => expect(text).to.match(/^HTTP\/1.1 200[^]*world$/));
    expect(upstream.of(RST_STREAM)).to.have.lengthOf(0);
  });

  it("is reset and never ends where its client leaves before the upstream has read it", async () => {
    const { client, upstream } = await post("small", [large()]);
    await eventually(() => expect(bytesOf(upstream)).to.equal(WINDOW));
    client.resetAndDestroy();
    await eventually(() => expect(upstream.of(RST_STREAM).map(({ payload }) => payload.readUInt32BE())).to.deep.equal([CANCEL]));
    expect(upstream.came.filter(({ type, flags }) => (type === DATA || type === HEADERS) && (flags & END_STREAM) !== 0)).to.deep.equal([]);
  });

  it("is reset where the upstream has answered without reading it, and the client has the answer", async () => {
    const { client, upstream } = await post("small", [large()]);
    await eventually(() => expect(bytesOf(upstream)).to.equal(WINDOW));
    let text = "";
    client.on("data", (chunk) => (text += String(chunk)));
    upstream.answer(1, "enough");
    await eventually(() => expect(text).to.match(/^HTTP\/1.1 200[^]*enough$/));
    await eventually(() => expect(upstream.of(RST_STREAM)).to.have.lengthOf(1));
    expect(upstream.of(DATA, END_STREAM)).to.have.lengthOf(0);
  });
});
