import { expect } from "chai";
import { createServer, type Socket } from "node:net";
import { bounded, eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { askOn, openHttp2 } from "../support/http2-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { portOf } from "../support/sockets.ts";

/** Types and flags of frames (RFC 9113 section 6). */
const [DATA, HEADERS, RST_STREAM, SETTINGS, PING] = [0, 1, 3, 4, 6];
const [ACK, END_STREAM, END_HEADERS] = [1, 1, 4];
const PREFACE = 24;
/** `:status: 200`, of HPACK's static table. */
const OK = Buffer.from([0x88]);

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** An upstream of HTTP/2 by hand: Node's own does not write to a stream that was reset. */
class RawUpstream {
  readonly came: Frame[] = [];
  #rest = Buffer.alloc(0);
  #isGreeted = false;

  constructor(private readonly socket: Socket) {
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.send(SETTINGS, 0, 0);
  }

  send(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    this.socket.write(Buffer.concat([head, payload]));
  }

  answer(stream: number, text: string): void {
    this.send(HEADERS, END_HEADERS, stream, OK);
    this.send(DATA, END_STREAM, stream, Buffer.from(text));
  }

  of(type: number, flags = 0): readonly Frame[] {
    return this.came.filter((frame) => frame.type === type && (frame.flags & flags) === flags);
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    if (!this.#isGreeted) {
      if (this.#rest.length < PREFACE) return;
      this.#rest = this.#rest.subarray(PREFACE);
      this.#isGreeted = true;
    }
    while (this.#rest.length >= 9 && this.#rest.length >= 9 + this.#rest.readUIntBE(0, 3)) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      const [type, flags] = [this.#rest.readUInt8(3), this.#rest.readUInt8(4)];
      this.came.push({ type, flags, stream: this.#rest.readUInt32BE(5), payload: Buffer.from(this.#rest.subarray(9, end)) });
      this.#rest = this.#rest.subarray(end);
      if (type === SETTINGS && flags === 0) this.send(SETTINGS, ACK, 0);
    }
  }
}

describe("HTTP/2 upstreams whose response comes too late", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(): Promise<{ readonly endpoint: string; readonly connections: RawUpstream[] }> {
    const connections: RawUpstream[] = [];
    const server = createServer((socket) => {
      cleanup.add(() => void socket.destroy());
      connections.push(new RawUpstream(socket));
    });
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    cleanup.add(() => void server.close());
    return { endpoint: `127.0.0.1:${portOf(server)}`, connections };
  }

  for (const who of ["the client has left", "http() has given up"] as const) {
    it(`are answered their PING, and the next request is served, where ${who}`, async () => {
      const { endpoint, connections } = await start();
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
