import { expect } from "chai";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { tlsTermination } from "sluice/plugins";
import { startUpstream } from "sluice/testing";
import { createCleanup } from "../support/cleanup.ts";
import { bounded } from "../support/bounded.ts";
import { startHttpProxy, type HttpUse } from "../support/http-proxy.ts";
import { openHttp2 } from "../support/http2-client.ts";
import { connect } from "../support/sockets.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";

/** More than the client's socket takes, and less than all sockets between the two together. */
const SENT = 1_000_000;
const missing = SENT + 100;
const framings = {
  "with a length": `Content-Length: ${missing}\r\n\r\n`,
  "in chunks": `Transfer-Encoding: chunked\r\n\r\n${missing.toString(16)}\r\n`,
};

/** RFC 9112 section 8. */
describe("HTTP: what an upstream sent of a response that it does not complete", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  interface Served {
    readonly port: number;
    /** Settles when the proxy has noticed the upstream's end. */
    readonly over: Promise<unknown>;
  }

  async function serve(framing: string, use: HttpUse = {}, isTls = false): Promise<Served> {
    let over = (): void => undefined;
    const noticed = new Promise<void>((resolve) => (over = resolve));
    const upstream = await startUpstream((socket: Socket) => {
      socket.once("close", over).once("data", () => {
        socket.write(`HTTP/1.1 200 OK\r\n${framing}`);
        socket.end(Buffer.alloc(SENT, "x"));
      });
    });
    cleanup.add(() => upstream.close());
    const tls = { listener: { listen: "tls://127.0.0.1:0" }, before: [tlsTermination({ selfSigned: ["localhost"], ca: false })] };
    const { port } = await startHttpProxy(cleanup, { ...use, routes: [{ upstream: upstream.endpoint }] }, isTls ? tls : {});
    return { port: port(), over: noticed };
  }

  const clients: Record<string, (port: number) => Promise<Socket>> = {
    TCP: (port) => connect(port),
    TLS: async (port) => {
      const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false });
      await once(socket, "secureConnect");
      return socket;
    },
  };
  for (const [what, framing] of Object.entries(framings)) {
    for (const [over, open] of Object.entries(clients)) {
      it(`${what}, over ${over}: a client that reads late still gets it, and then the end of the connection`, async () => {
        const served = await serve(framing, {}, over === "TLS");
        const socket = await open(served.port);
        cleanup.add(() => void socket.destroy());
        socket.pause().write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await bounded(served.over, "the upstream's end");
        let text = "";
        socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).resume();
        await bounded(once(socket, "end"), "the end");
        expect(text.replace(/[^x]/g, "")).to.have.lengthOf(SENT);
        expect(text.endsWith("0\r\n\r\n")).to.equal(false);
      });
    }

    it(`${what}, over HTTP/2: the client gets it, and then a reset`, async () => {
      const served = await serve(framing);
      const stream = openHttp2(cleanup, served.port).request({ ":path": "/" });
      let bytes = 0;
      stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
      const [error] = (await bounded(once(stream, "error"), "the reset").catch((thrown: unknown) => [thrown])) as [Error];
      expect(error.message).to.include("INTERNAL_ERROR");
      expect(bytes).to.equal(SENT);
    });
  }

  it("is dropped at `timeouts.send` where the client does not read it", async () => {
    const served = await serve(framings["with a length"], { timeouts: { send: 200 } });
    const stream = openHttp2(cleanup, served.port).request({ ":path": "/" });
    stream.on("error", () => undefined).pause();
    const closed = new Promise<void>((resolve) => stream.once("close", resolve));
    await bounded(closed, "the reset");
    expect(stream.rstCode).to.equal(constants.NGHTTP2_INTERNAL_ERROR);
  });
});
