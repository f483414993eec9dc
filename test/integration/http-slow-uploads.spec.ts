import { expect } from "chai";
import { connect as connectHttp2, type ClientHttp2Stream } from "node:http2";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startHttpProxy, type HttpProxy } from "../support/http-proxy.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { connect } from "../support/sockets.ts";

const PARTS = 20;
const EVERY_MS = 60;
/** More than a busy machine lets a part wait, and less than an upload takes. */
const SILENCE_MS = 1_000;

/** Sends a body in parts, and ends it unless it stops before that. @returns what comes */
type Upload = (port: number, parts: number) => Promise<string>;

async function overHttp1(port: number, parts: number): Promise<string> {
  const socket = await connect(port);
  let text = "";
  socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  const ended = new Promise((resolve) => socket.once("end", resolve).once("close", resolve));
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let at = 0; at < parts; at += 1) {
    socket.write("1\r\nx\r\n");
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  if (parts === PARTS) socket.write("0\r\n\r\n");
  await bounded(ended, "the answer");
  socket.destroy();
  return text;
}

async function overHttp2(port: number, parts: number): Promise<string> {
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  client.on("error", () => undefined);
  const stream: ClientHttp2Stream = client.request({ ":method": "POST" }, { endStream: false });
  stream.on("error", () => undefined);
  const ended = new Promise((resolve) => stream.once("end", resolve).once("close", resolve));
  let text = "";
  stream.on("response", (headers) => (text += `${headers[":status"]} `));
  stream.on("data", (chunk: Buffer) => (text += chunk.toString()));
  for (let at = 0; at < parts; at += 1) {
    stream.write("x");
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  if (parts === PARTS) stream.end();
  await bounded(ended, "the answer");
  client.destroy();
  return text;
}

describe("Slow uploads through http()", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const start = (endpoint: string, timeouts: object): Promise<HttpProxy> =>
    startHttpProxy(cleanup, { timeouts, routes: [{ upstream: endpoint }] });

  for (const [version, upload] of Object.entries({ "HTTP/1": overHttp1, "HTTP/2": overHttp2 } satisfies Record<string, Upload>)) {
    for (const name of ["request", "response"]) {
      it(`may last longer than timeouts.${name}, as long as bytes come: ${version}`, async () => {
        const upstream = await startHttpUpstream(cleanup);
        const { port } = await start(upstream.endpoint, { [name]: SILENCE_MS });
        const answer = await upload(port(), PARTS);
        expect(answer)
          .to.match(/^(HTTP\/1.1 )?200/)
          .and.include(`"body":"${"x".repeat(PARTS)}"`);
      });
    }

    it(`are ended when no bytes come, together with the upstream's request: ${version}`, async () => {
      let aborted = 0;
      const upstream = await startHttpUpstream(cleanup, (request) => {
        request.resume();
        request.on("aborted", () => (aborted += 1));
      });
      const { port } = await start(upstream.endpoint, { request: "200ms" });
      expect(await upload(port(), 3)).to.match(/^(HTTP\/1.1 )?408/);
      await eventually(() => expect([aborted, upstream.open()]).to.deep.equal([1, 0]));
    });
  }
});
