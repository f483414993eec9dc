import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { constants, createServer as createHttp2Server, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import { eventOf } from "./bounded.ts";
import { isPattern, patternAt } from "./pattern.ts";
import { portOf } from "./sockets.ts";

/** One request, and how it ends. Its number, which no other request of a run has, decides what bytes its bodies have. */
export interface HttpAsk {
  readonly method: "GET" | "POST" | "HEAD";
  /** Bytes of the request's body. Only POST has one. */
  readonly up: number;
  /** Bytes of the response's body. */
  readonly down: number;
  readonly chunked: boolean;
  readonly trailers: boolean;
  /** The upstream sends its response in pieces. */
  readonly slowly: boolean;
  /** Milliseconds before it is sent. */
  readonly ms: number;
  readonly fate: "whole" | "client breaks off its body" | "client cancels" | "upstream breaks off";
}

/** Where in the pattern a request's body begins, and where its response's does. */
export const uploadOf = (id: number): number => id * 100_003;
export const downloadOf = (id: number): number => 500_009 + id * 100_003;

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

export interface ChaosHttpUpstream {
  readonly endpoint: string;
  /** What came wrong. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

/** Answers each request with its own bytes, and checks that the request's body is its own, and ends only when all of it has come. */
export async function startChaosHttp(http2: boolean, asks: readonly HttpAsk[]): Promise<ChaosHttpUpstream> {
  const faults: string[] = [];
  const serve = (request: Request, response: Response): void => {
    const id = Number(request.headers["x-ask"]);
    const ask = asks[id];
    if (ask === undefined) faults.push(`a request without its number: ${request.method} ${request.url}`);
    else void take(request, id, ask, faults).then((whole) => (whole ? answer(response, id, ask) : undefined));
  };
  const server = http2 ? createHttp2Server(serve) : createServer(serve);
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
  });
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  const close = async (): Promise<void> => {
    const closed = eventOf(server, "close");
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { endpoint: `127.0.0.1:${portOf(server)}`, faults, close };
}

/** Node's client ends a stream before it resets it. On a busy machine the reset comes too late to be taken for a part of the end (RESET_FOLLOWS_MS). */
function mayLookWhole({ fate, chunked, up }: HttpAsk, size: number): boolean {
  return fate === "client breaks off its body" && chunked && size === Math.floor(up / 2);
}

/** Whether the request has come whole. */
function take(request: Request, id: number, ask: HttpAsk, faults: string[]): Promise<boolean> {
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    if (!isPattern(uploadOf(id) + size, chunk)) faults.push(`the body of request ${id} is not its own at byte ${size}`);
    size += chunk.length;
  });
  return new Promise((resolve) => {
    request.on("error", () => undefined).once("close", () => void resolve(false));
    request.once("end", () => {
      // A body that was broken off emits "end" in Node's HTTP/2.
      if ("stream" in request && request.stream.aborted) return;
      if (mayLookWhole(ask, size)) return;
      if (size !== ask.up) faults.push(`the body of request ${id} looks complete after ${size} of ${ask.up} bytes`);
      const sum = request.trailers["x-sum"];
      if (sum !== (ask.trailers && ask.chunked && ask.up > 0 ? String(id) : undefined))
        faults.push(`the trailers of request ${id}: ${String(sum)}`);
      resolve(true);
    });
  });
}

async function answer(response: Response, id: number, { method, down, chunked, trailers, slowly, fate }: HttpAsk): Promise<void> {
  response.on("error", () => undefined);
  (response as ServerResponse).writeHead(200, { "x-ask": String(id), ...(chunked ? {} : { "content-length": down }) });
  (response as ServerResponse).flushHeaders();
  const body = patternAt(downloadOf(id), method === "HEAD" ? 0 : down);
  const breaks = fate === "upstream breaks off";
  await writeIn(response, body.subarray(0, breaks ? body.length / 2 : undefined), slowly ? 4 : 1);
  if (breaks) {
    if ("stream" in response) response.stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    else response.destroy();
    return;
  }
  if (trailers && chunked && method !== "HEAD") response.addTrailers({ "x-sum": String(id) });
  response.end();
}

async function writeIn(response: Response, body: Buffer, pieces: number): Promise<void> {
  const step = Math.max(1, Math.ceil(body.length / pieces));
  for (let at = 0; at < body.length && !response.destroyed; at += step) {
    (response as ServerResponse).write(body.subarray(at, at + step));
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
