import { connect, type ClientHttp2Session, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { bounded } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import type { Told } from "./http-upstream.ts";

export interface Http2Answer {
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
  readonly told: () => Told;
}

/** Opens a connection of HTTP/2 with prior knowledge, or over TLS whatever the certificate. It is destroyed by the cleanup. */
export function openHttp2(cleanup: Cleanup, port: number, scheme: "http" | "https" = "http"): ClientHttp2Session {
  const session = connect(`${scheme}://localhost:${port}`, { rejectUnauthorized: false });
  session.on("error", () => undefined);
  cleanup.add(() => session.destroy());
  return session;
}

/** Asks, and reads the whole answer. @throws when the stream is reset, or the connection breaks */
export function askOn(session: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: Buffer): Promise<Http2Answer> {
  const answered = new Promise<Http2Answer>((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined });
    const chunks: Buffer[] = [];
    let head: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on("response", (given) => (head = given));
    stream.on("trailers", (given) => (trailers = given));
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.once("error", reject);
    // A reset with CANCEL is no error to Node.
    stream.once("aborted", () => {
      reject(new Error(`the stream was reset with ${stream.rstCode}`));
    });
    stream.once("close", () => {
      reject(new Error(`the stream was closed with ${stream.rstCode}`));
    });
    stream.once("end", () => {
      const whole = Buffer.concat(chunks);
      resolve({ headers: head, status: Number(head[":status"]), body: whole, trailers, told: () => JSON.parse(String(whole)) as Told });
    });
    if (body !== undefined) stream.end(body);
  });
  return bounded(answered, "an answer", 40_000);
}
