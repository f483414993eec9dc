import { expect } from "chai";
import type { Socket } from "node:net";
import type { PluginUse, UpstreamConfig } from "sluice";
import { startUpstream } from "sluice/testing";
import { createCleanup, type Cleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import { frame, preface } from "../support/http2-frames.ts";
import { DATA, END_HEADERS, END_STREAM, HEADERS, RST_STREAM, startRawHttp2 } from "../support/raw-http2-upstream.ts";
import { connect } from "../support/sockets.ts";
import { expectNothingUncaught } from "../support/uncaught.ts";
import { plugin } from "../support/with-proxy.ts";

/** `:method: POST`, `:scheme: http`, `:path: /`, `:authority: a` (RFC 7541 appendix A). */
const POST = Buffer.from([0x83, 0x86, 0x84, 0x41, 1, 0x61]);
const CONTENT_LENGTH_10 = Buffer.from([0x0f, 0x0d, 2, 0x31, 0x30]);
/** `ended: well`, a literal field. */
const TRAILERS = Buffer.from("\0\u0005ended\u0004well");
const [CANCEL, NO_ERROR] = [Buffer.of(0, 0, 0, 8), Buffer.alloc(4)];

const part = frame(DATA, 1, "hello");
const emptyEnd = frame(DATA, 1, "", END_STREAM);
const reset = frame(RST_STREAM, 1, CANCEL);

/** The ways in which an upload breaks off behind "hello". Node's client ends a stream before it resets it, so that it cannot show most of them. */
const breaks: Readonly<Record<string, (socket: Socket) => void>> = {
  RST_STREAM: (socket) => void socket.write(reset),
  "RST_STREAM with NO_ERROR": (socket) => void socket.write(frame(RST_STREAM, 1, NO_ERROR)),
  "an empty end, and RST_STREAM in the same segment": (socket) => void socket.write(Buffer.concat([emptyEnd, reset])),
  "a FIN": (socket) => void socket.end(),
  "a reset of the connection": (socket) => void socket.resetAndDestroy(),
  "half a frame, and a FIN": (socket) => void socket.end(frame(DATA, 1, "rest", END_STREAM).subarray(0, 11)),
};

const ends: Readonly<Record<string, Buffer>> = {
  END_STREAM: frame(DATA, 1, "!", END_STREAM),
  "an empty end": emptyEnd,
  trailers: frame(HEADERS, 1, TRAILERS, END_HEADERS + END_STREAM),
};

/** What somebody behind the listener has seen of the only upload. */
interface Seen {
  readonly body: () => string;
  readonly isWhole: () => boolean;
  readonly isBroken: () => boolean;
}

interface Observer extends Seen {
  readonly upstream: UpstreamConfig;
  readonly plugins?: readonly PluginUse[];
}

const observers: Readonly<Record<string, (cleanup: Cleanup) => Promise<Observer>>> = {
  "an upstream of HTTP/1": async (cleanup) => {
    let [text, isClosed] = ["", false];
    const upstream = await startUpstream((socket) => {
      socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1"))).once("end", () => socket.end());
      socket.once("close", () => (isClosed = true));
    });
    cleanup.add(() => upstream.close());
    const body = (): string => text.split("\r\n\r\n").slice(1).join("\r\n\r\n");
    return { upstream: upstream.endpoint, body, isWhole: () => /\r\n0\r\n/.test(body()), isBroken: () => isClosed };
  },
  "an upstream of HTTP/2": async (cleanup) => {
    const { endpoint, connections } = await startRawHttp2(cleanup);
    const of = (type: number, flags = 0): readonly { payload: Buffer }[] => connections.flatMap((each) => each.of(type, flags));
    return {
      upstream: { endpoints: [endpoint], http: "2" },
      body: () => String(Buffer.concat(of(DATA).map(({ payload }) => payload))),
      isWhole: () => [...of(DATA, END_STREAM), ...of(HEADERS, END_STREAM)].length > 0,
      isBroken: () => of(RST_STREAM).length > 0 || connections.some(({ socket }) => socket.destroyed),
    };
  },
  "a hook that reads it": async (cleanup) => {
    let [text, isWhole, isClosed] = ["", false, false];
    const reader = plugin("reader", {
      exchange: (attempt, { body }) => {
        body?.on("data", (chunk: Buffer) => (text += String(chunk))).once("end", () => (isWhole = true));
        body?.once("close", () => (isClosed = true));
        return attempt;
      },
    });
    const upstream = cleanup.keep(await startUpstream("hang"));
    return {
      upstream: upstream.endpoint,
      plugins: [reader],
      body: () => text,
      isWhole: () => isWhole,
      isBroken: () => isClosed && !isWhole,
    };
  },
};

/** RFC 9113 section 8.1: a stream that is reset, or whose connection ends, has no whole request. */
describe("An upload over HTTP/2, frame by frame", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  expectNothingUncaught();

  for (const [who, observe] of Object.entries(observers)) {
    /** Sends the header and "hello", which has passed the listener when this resolves. */
    const begin = async (more = Buffer.alloc(0)): Promise<{ socket: Socket; seen: Seen }> => {
      const { upstream, plugins, ...seen } = await observe(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream }] }, { before: plugins ?? [] });
      const socket = cleanup.keep(await connect(port()));
      socket.resume();
      socket.write(Buffer.concat([preface, frame(4, 0, ""), frame(HEADERS, 1, Buffer.concat([POST, more]), END_HEADERS), part]));
      await eventually(() => expect(seen.body()).to.include("hello"));
      return { socket, seen };
    };

    for (const [how, breakOff] of Object.entries(breaks)) {
      for (const [what, more] of Object.entries({ "without a length": Buffer.alloc(0), "with a length": CONTENT_LENGTH_10 })) {
        it(`${what}, broken off by ${how}: breaks off for ${who}`, async () => {
          const { socket, seen } = await begin(more);
          breakOff(socket);
          await eventually(() =>
            expect({ isWhole: seen.isWhole(), isBroken: seen.isBroken() }).to.deep.equal({ isWhole: false, isBroken: true }),
          );
        });
      }
    }

    for (const [how, end] of Object.entries(ends)) {
      it(`ended by ${how}: is whole for ${who}`, async () => {
        const { socket, seen } = await begin();
        socket.write(end);
        await eventually(() => expect(seen.isWhole(), "whole").to.equal(true));
        expect(seen.isBroken(), "broken off").to.equal(false);
      });
    }
  }
});
