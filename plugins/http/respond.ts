import { reasonOf, SluiceError } from "sluice";
import type { HttpHeaders, HttpResponse } from "sluice";
import type { ServerResponse } from "node:http";
import { constants, type Http2ServerResponse } from "node:http2";
import { Readable } from "node:stream";
import { explained } from "./failure.ts";
import { endToEnd, responseFields } from "./header-fields.ts";

/** A response as Node's servers take it. */
export type Outgoing = ServerResponse | Http2ServerResponse;

/** Sends one response, its body as it comes and as fast as the client takes it. */
export class Responder {
  bytes = 0;
  #isEnded = false;

  constructor(
    private readonly outgoing: Outgoing,
    /** What the client accepts. */
    private readonly accept: string,
    /** The body broke off: the client must not take what it has for the whole. */
    private readonly broken: (error: SluiceError) => void,
  ) {}

  /** Whether the client was sent all of it. A stream of HTTP/2 finishes by a reset too. */
  get isWhole(): boolean {
    const { outgoing } = this;
    return this.#isEnded && ("stream" in outgoing ? outgoing.stream.rstCode === constants.NGHTTP2_NO_ERROR : outgoing.writableFinished);
  }

  /** @param closing no other request is served on the connection */
  send(response: HttpResponse, closing: boolean): void {
    const { outgoing } = this;
    const fields = responseFields(response.headers);
    const body = this.#bodyOf(response, fields);
    const { status } = response;
    if (!(body instanceof Readable) && body !== undefined && status !== 204 && status !== 304) setLength(fields, Buffer.byteLength(body));
    if ("stream" in outgoing) outgoing.writeHead(status, grouped(fields));
    else {
      if (closing) fields.push("connection", "close");
      outgoing.writeHead(status, fields);
    }
    if (body instanceof Readable) this.#stream(body, response.trailers);
    else this.#end(body);
  }

  #bodyOf({ status, body, error }: HttpResponse, fields: string[]): HttpResponse["body"] {
    if (body !== undefined || error === undefined) return body;
    const answer = explained(status, error, this.accept);
    fields.push("content-type", answer.type);
    return answer.body;
  }

  #end(body: Buffer | string | undefined): void {
    const bytes = body === undefined ? Buffer.alloc(0) : Buffer.from(body as string);
    this.bytes = bytes.length;
    this.#isEnded = true;
    this.outgoing.end(bytes);
  }

  #stream(body: Readable, trailers: HttpResponse["trailers"]): void {
    const { outgoing } = this;
    let ended = false;
    const goOn = (): void => {
      body.resume();
    };
    body.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (write(outgoing, chunk)) return;
      body.pause();
      outgoing.once("drain", goOn);
    });
    body.once("end", () => {
      ended = true;
      try {
        this.#trail(trailers?.() ?? {});
      } catch (error) {
        // An upstream's trailers may be what Node does not send.
        this.broken(new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the trailers cannot be sent: ${reasonOf(error)}`, { cause: error }));
        return;
      }
      this.#isEnded = true;
      outgoing.end();
    });
    const failed = (error?: unknown): void => {
      if (ended) return;
      ended = true;
      const detail = `the body of the response broke off${error === undefined ? "" : `: ${reasonOf(error)}`}`;
      this.broken(SluiceError.is(error) ? error : new SluiceError("SLUICE_UPSTREAM_RESET", detail, { cause: error }));
    };
    body.once("error", failed);
    body.once("close", failed);
    // A hook may have kept the response until its upstream was gone.
    if (body.destroyed && !body.readableEnded) failed(body.errored ?? undefined);
  }

  #trail(trailers: HttpHeaders): void {
    const { outgoing } = this;
    if (Object.keys(trailers).length === 0) return;
    if ("stream" in outgoing) outgoing.addTrailers(trailers);
    else outgoing.addTrailers(trailers);
  }
}

/** The two kinds of response differ in the rest of the parameters. */
function write(outgoing: Outgoing, chunk: Buffer): boolean {
  return "stream" in outgoing ? outgoing.write(chunk) : outgoing.write(chunk);
}

/** The length of a body that is whole, whatever its maker said of it. */
function setLength(fields: string[], length: number): void {
  for (let at = fields.length - 2; at >= 0; at -= 2) if (fields[at]?.toLowerCase() === "content-length") fields.splice(at, 2);
  fields.push("content-length", String(length));
}

/** HTTP/2 wants an object, and has no Connection. */
function grouped(fields: readonly string[]): HttpHeaders {
  return endToEnd(fields);
}
