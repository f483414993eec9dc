import { expect } from "chai";
import { Duplex, PassThrough, Readable } from "node:stream";
import { of } from "rxjs";
import type { HttpResponse } from "sluice";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask, talk } from "../support/http-client.ts";
import { startHttpProxy, type HttpProxy } from "../support/http-proxy.ts";
import { connect, readBytes } from "../support/sockets.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";
import { plugin } from "../support/with-proxy.ts";

const asking = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const agreed = /^HTTP\/1\.1 101 [^]*?\r\n\r\n/;

describe("The answer of an exchange hook", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  /** A proxy of which a hook answers by itself. */
  function start(answer: () => HttpResponse): Promise<HttpProxy> {
    return startHttpProxy(
      cleanup,
      {},
      { before: [plugin("answering", { exchange: () => of(answer()) })], listener: { upstream: "127.0.0.1:9" } },
    );
  }

  const bodies: Readonly<Record<string, () => HttpResponse["body"]>> = {
    "a stream of texts": () => Readable.from(["hé", "llo"]),
    "a stream with an encoding": () => Readable.from([Buffer.from("héllo")], { objectMode: false }).setEncoding("utf8"),
    "a stream of plain arrays": () => Readable.from([new Uint8Array(Buffer.from("héllo"))]),
    "a plain array": () => new Uint8Array(Buffer.from("héllo")) as Buffer,
    "a text": () => "héllo",
  };
  for (const [what, body] of Object.entries(bodies)) {
    it(`may be ${what}`, async () => {
      const { port } = await start(() => ({ status: 200, headers: {}, body: body() }));
      expect(await ask(port())).to.include({ status: 200, body: "héllo" });
    });
  }

  const trailed: typeof bodies = { "a text": () => "hi", "a stream": () => Readable.from(["hi"]), nothing: () => undefined };
  for (const [what, body] of Object.entries(trailed)) {
    it(`may be ${what} with trailers`, async () => {
      const { port } = await start(() => ({ status: 200, headers: {}, body: body(), trailers: () => ({ "x-a": "b" }) }));
      expect(await ask(port())).to.deep.include({ status: 200, body: body() === undefined ? "" : "hi", trailers: { "x-a": "b" } });
    });
  }

  for (const [what, body] of Object.entries({
    "a stream of what are no bytes": () => Promise.resolve(Readable.from([{}])),
    "a stream that was read to its end": async () => {
      const read = Readable.from(["a"]);
      for await (const _ of read);
      return read;
    },
    "a stream that broke before": () => Promise.resolve(new PassThrough().destroy()),
  })) {
    it(`is aborted if its body is ${what}`, async () => {
      const broken = await body();
      const { port, proxy } = await start(() => ({ status: 200, headers: {}, body: broken }));
      expect(await bounded(ask(port()).catch(String), "the answer")).to.match(/ECONNRESET|aborted/);
      await eventually(() => expect(proxy.sessions.size).to.equal(0));
    });
  }

  it("may be its own stream for a WebSocket, whose client resets", async () => {
    const ends = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() });
    const { port, proxy } = await start(() => ({ status: 101, headers: {}, upgraded: ends }));
    const socket = await connect(port());
    socket.write(asking);
    await readBytes(socket, 12);
    socket.resetAndDestroy();
    await eventually(() => expect([proxy.sessions.size, ends.destroyed]).to.deep.equal([0, true]));
  });

  it("may be its own stream for a WebSocket, which gets the bytes that came with the request", async () => {
    const { port } = await start(() => ({ status: 101, headers: {}, upgraded: new PassThrough() }));
    const socket = await connect(port());
    socket.end(`${asking}early`);
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    await eventually(() => expect(String(Buffer.concat(chunks)).replace(agreed, "")).to.equal("early"));
  });

  it("closes the connection of a client that waits for 100 Continue, also if the answer cannot be sent", async () => {
    const { port } = await start(() => ({ status: 200, headers: { "x-a": "a\r\nb" } }));
    const expecting = "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    expect(await talk(port(), expecting)).to.match(/^HTTP\/1\.1 502 [^]*\r\nconnection: close\r\n/);
  });
});
