import { dial, serve, type OnBytes } from "./stream-ends.ts";
import type { Load, LoadOptions, StartLoad, Target } from "./load-options.ts";
import type { Gate } from "./gate.ts";
import { serve2 } from "./serve-2.ts";

const headEnd = "\r\n\r\n";
const body = "x".repeat(120);
const response = Buffer.from(
  `HTTP/1.1 200 OK\r\nServer: load\r\nDate: Wed, 25 Nov 2026 11:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
);

/** HTTP/1.1 on connections that are kept: each has one request on its way. */
export const startRequests: StartLoad = async (options, target, gate) => {
  await serve(target.upstream, options.body === 0 ? answer : answerTo(options.body));
  return ask(options, target, gate);
};

/** The same to an upstream of HTTP/2. */
export const startRequestsTo2: StartLoad = async (options, target, gate) => {
  await serve2(target.upstream);
  return ask(options, target, gate);
};

function ask({ connections, tls, body: length }: LoadOptions, { proxy }: Target, gate: Gate): Load {
  const fields = `Host: 127.0.0.1:${proxy}\r\nUser-Agent: load\r\nAccept: */*\r\n`;
  const content = "b".repeat(length);
  const request = Buffer.from(
    length === 0 ? `GET / HTTP/1.1\r\n${fields}\r\n` : `POST / HTTP/1.1\r\n${fields}Content-Length: ${length}\r\n\r\n${content}`,
  );
  /** Bytes of a response: a proxy answers all requests alike. Learnt of the first. */
  let size = 0;
  let units = 0;
  let errors = 0;
  let open = 0;
  let allOpen = (): void => undefined;
  const ready = new Promise<void>((resolve) => (allOpen = resolve));
  for (let index = 0; index < connections; index += 1) {
    let got = 0;
    let first = "";
    const send = (): void => void socket.write(request);
    const received: OnBytes = (bytes, _, from) => {
      got += bytes;
      if (size === 0) {
        first += from.toString("latin1", 0, bytes);
        size = sizeOf(first);
      }
      if (size === 0 || got < size) return;
      if (got > size) errors += 1;
      got = 0;
      units += 1;
      gate.pass(send);
    };
    const socket = dial({ port: proxy, tls }, received, () => {
      open += 1;
      if (open === connections) allOpen();
      gate.pass(send);
    });
    socket.on("error", () => (errors += 1));
  }
  return { units: () => units, errors: () => errors, lost: () => 0, ready };
}

export const answer: OnBytes = (bytes, socket, from) => {
  if (from.toString("latin1", bytes - headEnd.length, bytes) === headEnd) socket.write(response);
};

/** To requests with a body of so many bytes. A proxy sends one alike on each connection, in one piece or in two. */
const answerTo = (length: number): OnBytes => {
  const got = new WeakMap<object, number>();
  let size = 0;
  return (bytes, socket, from) => {
    const sum = (got.get(socket) ?? 0) + bytes;
    if (size === 0) {
      const end = from.toString("latin1", 0, bytes).indexOf(headEnd);
      if (end >= 0) size = end + headEnd.length + length;
    }
    if (size > 0 && sum >= size) socket.write(response);
    got.set(socket, size > 0 && sum >= size ? 0 : sum);
  };
};

/** Of a response that has come whole; else 0. @throws where it is not the expected one */
function sizeOf(text: string): number {
  const end = text.indexOf(headEnd);
  if (end < 0) return 0;
  if (!text.startsWith("HTTP/1.1 200 ") || !/\r\ncontent-length: 120\r\n/i.test(text))
    throw new Error(`not the answer: ${text.slice(0, 200)}`);
  return end + headEnd.length + body.length;
}
