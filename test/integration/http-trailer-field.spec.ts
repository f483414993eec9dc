import { expect } from "chai";
import { createCleanup } from "../support/cleanup.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { connect, readBytes } from "../support/sockets.ts";

const BODY = Buffer.alloc(200_000, "x");
const said = { ":method": "POST", ":path": "/", "content-length": String(BODY.length), trailer: "x-sum" };

describe("A request with a length that announces trailers", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  it("is served without that field, from clients of HTTP/2 and HTTP/1", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: upstream.endpoint }] });
    const answer = await askOn(openHttp2(cleanup, port()), said, BODY);
    expect([answer.status, answer.told().body.length]).to.deep.equal([200, BODY.length]);
    const socket = cleanup.keep(await connect(port()));
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nTrailer: x-sum\r\nContent-Length: ${BODY.length}\r\n\r\n`);
    socket.write(BODY.subarray(0, 1000));
    setImmediate(() => socket.write(BODY.subarray(1000)));
    expect(String(await readBytes(socket, 15))).to.equal("HTTP/1.1 200 OK");
  });
});
