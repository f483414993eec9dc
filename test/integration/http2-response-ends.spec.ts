import { expect } from "chai";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { openHttp2 } from "../support/http2-client.ts";
import { frame } from "../support/http2-frames.ts";
import { startHttpProxy } from "../support/http-proxy.ts";
import {
  DATA,
  END_HEADERS,
  END_STREAM,
  GOAWAY,
  HEADERS,
  OK,
  RST_STREAM,
  startRawHttp2,
  type RawUpstream,
} from "../support/raw-http2-upstream.ts";
import { connect } from "../support/sockets.ts";

/** Codes of errors (RFC 9113 section 7). */
const [NO_ERROR, INTERNAL_ERROR, CANCEL] = [0, 2, 8];
/** `content-length: 10`, a literal field with a name of HPACK's static table. */
const LENGTH = Buffer.from([0x0f, 0x0d, 2, 0x31, 0x30]);
const PART = "part";
/** `content-length: 4`, that of the part. */
const WHOLE = Buffer.from([0x0f, 0x0d, 1, 0x34]);

type Request = "whole" | "open";
type Seen = "complete" | "broken";

function code(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
const reset = (stream: number, value: number): Buffer => frame(RST_STREAM, stream, code(value));
const end = (stream: number, rest = ""): Buffer => frame(DATA, stream, rest, END_STREAM);

/** What an upstream sends after a part of a response, by the name of a case. */
interface Ending {
  readonly request: Request;
  readonly send: (upstream: RawUpstream, stream: number) => void;
  readonly wanted: Seen;
}
const sends = (make: (stream: number) => readonly Buffer[]) => (upstream: RawUpstream, stream: number) => {
  for (const bytes of make(stream)) upstream.socket.write(bytes);
};
const endings: Record<string, Ending> = {
  "a reset with CANCEL": { request: "whole", send: sends((id) => [reset(id, CANCEL)]), wanted: "broken" },
  "a reset with INTERNAL_ERROR": { request: "whole", send: sends((id) => [reset(id, INTERNAL_ERROR)]), wanted: "broken" },
  "a reset without an error, but without an end, too": { request: "whole", send: sends((id) => [reset(id, NO_ERROR)]), wanted: "broken" },
  "the end of the connection": { request: "whole", send: ({ socket }) => void socket.end(), wanted: "broken" },
  "a reset of the connection": { request: "whole", send: ({ socket }) => void socket.resetAndDestroy(), wanted: "broken" },
  "GOAWAY with an error, and the end of the connection": {
    request: "whole",
    send: ({ socket }, id) => void socket.end(frame(GOAWAY, 0, Buffer.concat([code(id), code(INTERNAL_ERROR)]))),
    wanted: "broken",
  },
  "an end": { request: "whole", send: sends((id) => [end(id)]), wanted: "complete" },
  "an end with the last bytes": { request: "whole", send: sends((id) => [end(id, "rest")]), wanted: "complete" },
  "an end, and a reset without an error": {
    request: "whole",
    send: sends((id) => [Buffer.concat([end(id), reset(id, NO_ERROR)])]),
    wanted: "complete",
  },
  "a reset with CANCEL, while the request is sent": { request: "open", send: sends((id) => [reset(id, CANCEL)]), wanted: "broken" },
  "an end, while the request is sent": { request: "open", send: sends((id) => [end(id)]), wanted: "complete" },
  "an end and a reset without an error, while the request is sent": {
    request: "open",
    send: sends((id) => [end(id), reset(id, NO_ERROR)]),
    wanted: "complete",
  },
  "an empty end and a reset with CANCEL in one segment, while the request is sent": {
    request: "open",
    send: sends((id) => [Buffer.concat([end(id), reset(id, CANCEL)])]),
    wanted: "broken",
  },
  "an empty end and a reset with CANCEL in two segments, while the request is sent": {
    request: "open",
    send: sends((id) => [end(id), reset(id, CANCEL)]),
    wanted: "broken",
  },
  "the last bytes and a reset with CANCEL, while the request is sent": {
    request: "open",
    send: sends((id) => [end(id, "rest"), reset(id, CANCEL)]),
    wanted: "complete",
  },
  "an empty end, and the end of the connection, while the request is sent": {
    request: "open",
    send: ({ socket }, id) => void socket.end(end(id)),
    wanted: "complete",
  },
};

/** Asks, and tells once a part of the response was read, and how it ended. */
type Client = (port: number, request: Request, came: () => void) => Promise<Seen>;

describe("Ends of responses of HTTP/2 upstreams", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function http1(
    port: number,
    head: string,
    came: () => void,
    isComplete: (text: string, isClean: boolean) => boolean,
  ): Promise<Seen> {
    const socket = cleanup.keep(await connect(port));
    let text = "";
    return new Promise<Seen>((resolve) => {
      const over = (isClean: boolean) => (): void => resolve(isComplete(text, isClean) ? "complete" : "broken");
      socket.on("error", over(false)).once("end", over(true));
      socket.on("data", (chunk: Buffer) => {
        text += String(chunk);
        if (text.includes(PART)) came();
        if (isComplete(text, false)) resolve("complete");
      });
      socket.write(head);
    });
  }
  const clients: Record<string, Client> = {
    "HTTP/2": (port, request, came) => {
      const stream = openHttp2(cleanup, port).request({ ":path": "/", ":method": "POST" });
      if (request === "whole") stream.end();
      else stream.write("some");
      stream.on("data", () => came()).on("error", () => undefined);
      return new Promise<Seen>((resolve) => {
        let isEnded = false;
        stream.once("end", () => (isEnded = true));
        stream.once("close", () => resolve(isEnded && stream.rstCode === NO_ERROR ? "complete" : "broken"));
      });
    },
    "HTTP/1.1": (port, request, came) =>
      http1(
        port,
        `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${request === "whole" ? "0\r\n\r\n" : "4\r\nsome\r\n"}`,
        came,
        (text) => text.endsWith("0\r\n\r\n") || text.endsWith("partrest12"),
      ),
    "HTTP/1.0": (port, request, came) =>
      http1(
        port,
        `POST / HTTP/1.0\r\nHost: a\r\nContent-Length: ${request === "whole" ? "0\r\n\r\n" : "10\r\n\r\nsome"}`,
        came,
        (text, isClean) => (/content-length/i.test(text) ? text.endsWith("partrest12") : isClean),
      ),
  };

  for (const [client, asked] of Object.entries(clients)) {
    for (const framing of ["without a length", "with a length"] as const) {
      it(`reach a client of ${client} as ends if the response is complete, and otherwise as aborts: ${framing}`, async () => {
        const got: Record<string, Seen> = {};
        const wanted: Record<string, Seen> = {};
        for (const [name, ending] of Object.entries(endings)) {
          // What is shorter than its length is not complete, whoever ends it.
          wanted[name] = framing === "with a length" ? "broken" : ending.wanted;
          const { endpoint, connections } = await startRawHttp2(cleanup);
          const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
          let isRead = false;
          const seen = asked(port(), ending.request, () => (isRead = true));
          await eventually(() => expect(connections[0]?.of(HEADERS), name).to.have.length(1));
          const upstream = connections[0] as RawUpstream;
          const id = upstream.of(HEADERS)[0]?.stream ?? 0;
          upstream.send(HEADERS, END_HEADERS, id, framing === "with a length" ? Buffer.concat([OK, LENGTH]) : OK);
          upstream.send(DATA, 0, id, PART);
          await eventually(() => expect(isRead, name).to.equal(true));
          ending.send(upstream, id);
          got[name] = await bounded(seen, name);
        }
        expect(got).to.deep.equal(wanted);
      });
    }
  }

  it("are complete with the whole declared length, if only a reset without an error follows, as from a busy server of Node that has not read the request", async () => {
    for (const [value, wanted] of [
      [NO_ERROR, "complete"],
      [CANCEL, "broken"],
    ] as const) {
      const { endpoint, connections } = await startRawHttp2(cleanup);
      const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [endpoint], http: "2" } }] });
      const seen = clients["HTTP/2"]?.(port(), "whole", () => connections[0]?.socket.write(reset(1, value)));
      await eventually(() => expect(connections[0]?.of(HEADERS)).to.have.length(1));
      connections[0]?.send(HEADERS, END_HEADERS, 1, Buffer.concat([OK, WHOLE]));
      connections[0]?.send(DATA, 0, 1, PART);
      expect(await seen).to.equal(wanted);
    }
  });
});
