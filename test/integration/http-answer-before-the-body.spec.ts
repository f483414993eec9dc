import { expect } from "chai";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { connect } from "../support/sockets.ts";

/** What a client has sent of an upload, and what has come for it. */
interface Upload {
  readonly came: () => string;
  readonly sendRest: () => void;
}

describe("An upload whose body comes only after the answer has begun", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** An upstream that begins its answer at a request's header, and returns the body. */
  async function startUpstream(version: "1.1" | "2"): Promise<string> {
    const make = version === "2" ? createHttp2Server : createServer;
    const server = (make as typeof createServer)((request, response) => {
      request.on("error", () => undefined);
      response.writeHead(200, { "x-before": "yes" });
      response.flushHeaders();
      request.pipe(response);
    });
    cleanup.add(() => void server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function overHttp1(port: number, framing: string, rest: string): Promise<Upload> {
    const socket = cleanup.keep(await connect(port));
    let text = "";
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`);
    return { came: () => text, sendRest: () => socket.write(rest) };
  }

  const uploads: Readonly<Record<string, (port: number) => Promise<Upload>>> = {
    "HTTP/1, by chunks": (port) => overHttp1(port, "Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
    "HTTP/1, by length": (port) => overHttp1(port, "Content-Length: 5", "hello"),
    "HTTP/2": (port) => {
      const stream = openHttp2(cleanup, port).request({ ":method": "POST" }, { endStream: false });
      stream.on("error", () => undefined);
      let text = "";
      stream.on("response", (headers) => (text += `x-before: ${String(headers["x-before"])} `));
      stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
      return Promise.resolve({ came: () => text, sendRest: () => stream.end("hello") });
    },
  };
  for (const [what, upload] of Object.entries(uploads)) {
    for (const version of ["1.1", "2"] as const) {
      it(`reaches its upstream at once: ${what}, to HTTP/${version}`, async () => {
        const endpoint = await startUpstream(version);
        const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: version } }] });
        const { came, sendRest } = await upload(port());
        await eventually(() => expect(came()).to.include("x-before: yes"));
        sendRest();
        await eventually(() => expect(came()).to.include("hello"));
      });
    }
  }
});
