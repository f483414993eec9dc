import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { ChaosConnection, Got } from "./chaos-http-answers.ts";
import { uploadOf, type HttpAsk } from "./chaos-http-upstream.ts";
import { patternAt } from "./pattern.ts";

/** Sends the requests of a connection one behind the other, without waiting for responses. @returns what came for each, by number */
export async function askHttp1(port: number, { asks, slow }: ChaosConnection): Promise<Map<number, Got>> {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  const chunks: Buffer[] = [];
  socket
    .on("error", () => undefined)
    .on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (!slow) return;
      socket.pause();
      setTimeout(() => socket.resume(), 1);
    });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  for (const [at, [id, given]] of asks.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- one request after the other
    if (given.ms > 0) await pause(given.ms);
    const request = bytesOf(id, given, at === asks.length - 1);
    socket.write(given.fate === "client breaks off its body" ? request.subarray(0, -10) : request);
    if (given.fate.startsWith("client")) {
      // oxlint-disable-next-line no-await-in-loop -- the last of this connection
      await pause(1);
      socket.destroy();
      break;
    }
  }
  await closed;
  return new Map(responsesIn(Buffer.concat(chunks), asks));
}

function bytesOf(id: number, { method, up, chunked, trailers }: HttpAsk, last: boolean): Buffer {
  const body = patternAt(uploadOf(id), up);
  const framing = up === 0 ? "" : chunked ? "Transfer-Encoding: chunked\r\n" : `Content-Length: ${up}\r\n`;
  const head = `${method} / HTTP/1.1\r\nHost: a\r\nX-Ask: ${id}\r\nTE: trailers\r\n${framing}${last ? "Connection: close\r\n" : ""}\r\n`;
  if (up === 0 || !chunked) return Buffer.concat([Buffer.from(head), body]);
  const half = Math.floor(up / 2);
  const chunk = (part: Buffer): Buffer[] =>
    part.length === 0 ? [] : [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n")];
  const end = Buffer.from(`0\r\n${trailers ? `X-Sum: ${id}\r\n` : ""}\r\n`);
  return Buffer.concat([Buffer.from(head), ...chunk(body.subarray(0, half)), ...chunk(body.subarray(half)), end]);
}

/** Takes the responses of a connection apart, one for each request, as far as they have come. */
function* responsesIn(bytes: Buffer, asks: ChaosConnection["asks"]): Generator<[number, Got]> {
  let rest = bytes;
  for (const [id, { method }] of asks) {
    const end = rest.indexOf("\r\n\r\n");
    if (end === -1) return;
    const [first = "", ...lines] = rest.toString("latin1", 0, end).split("\r\n");
    const fields = fieldsIn(lines);
    rest = rest.subarray(end + 4);
    const length = method === "HEAD" ? 0 : Number(fields["content-length"]);
    const message = fields["transfer-encoding"] === "chunked" && method !== "HEAD" ? chunksIn(rest) : plain(rest, length);
    yield [id, { status: Number(first.split(" ")[1]), fields, trailers: message.trailers, body: message.body, whole: message.whole }];
    if (!message.whole) return;
    rest = message.rest;
  }
}

type Message = Pick<Got, "body" | "whole" | "trailers"> & { readonly rest: Buffer };

const plain = (rest: Buffer, length: number): Message => ({
  body: rest.subarray(0, length),
  whole: rest.length >= length,
  trailers: {},
  rest: rest.subarray(length),
});

function chunksIn(bytes: Buffer): Message {
  const parts: Buffer[] = [];
  let rest = bytes;
  for (;;) {
    const line = rest.indexOf("\r\n");
    const size = line === -1 ? NaN : Number.parseInt(rest.toString("latin1", 0, line), 16);
    const end = size === 0 ? rest.indexOf("\r\n\r\n", line) : -1;
    if (end !== -1) {
      const trailers = fieldsIn(rest.toString("latin1", line + 2, Math.max(end, line + 2)).split("\r\n"));
      return { body: Buffer.concat(parts), whole: true, trailers, rest: rest.subarray(end + 4) };
    }
    if (!(size > 0)) return { body: Buffer.concat(parts), whole: false, trailers: {}, rest };
    parts.push(rest.subarray(line + 2, line + 2 + size));
    rest = rest.subarray(line + 4 + size);
  }
}

function fieldsIn(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(lines.filter(Boolean).map((line) => [line.split(":")[0]?.toLowerCase(), line.replace(/^[^:]*: */, "")]));
}
