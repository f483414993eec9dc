import { reasonOf, SluiceError } from "sluice";
import type { HttpRequest, HttpResponse } from "sluice";
import { Readable } from "node:stream";
import { isNamed } from "../message/body-length.ts";
import { explained } from "../message/failure.ts";
import { first, trailerFields, wireFields } from "../message/header-fields.ts";
import type { ResponseSink } from "./response-sink.ts";

/** Sends one response, its body as it comes and as fast as the client takes it. */
export class Responder {
  /** Of the body. */
  bytes = 0;

  constructor(
    private readonly sink: ResponseSink,
    private readonly request: HttpRequest,
    /** The body broke off: the client must not take what it has for the whole. */
    private readonly broken: (error: SluiceError) => void,
  ) {}

  /**
   * @param isClosing no other request is served on the connection
   * @throws where what a hook or an upstream gave may not be sent; then nothing was
   */
  send(response: HttpResponse, isClosing: boolean): void {
    const fields = wireFields(response.headers, this.sink.keepsCase ? response.fieldNames : undefined);
    const body = this.#bodyOf(response, fields);
    const { status } = response;
    if (body instanceof Readable) {
      this.sink.head(status, fields, isClosing, response.statusText);
      this.#stream(body, response);
      return;
    }
    const last = body === undefined ? undefined : bytesOf(body);
    const trailers = trailersOf(response);
    this.bytes = last?.length ?? 0;
    if (trailers === undefined && this.#hasLength(status, last)) setLength(fields, this.bytes);
    this.sink.head(status, fields, isClosing, response.statusText);
    if (trailers === undefined) this.sink.end(last);
    else this.#endTrailed(last, trailers);
  }

  #endTrailed(last: Buffer | undefined, trailers: readonly string[]): void {
    if (last !== undefined) this.sink.write(last);
    this.sink.trail(trailers);
  }

  /** Whether the length of what there is says anything: a response to HEAD tells of a body that is not sent. */
  #hasLength(status: number, body: Buffer | undefined): boolean {
    return status !== 204 && status !== 304 && (body !== undefined || this.request.method !== "HEAD");
  }

  #bodyOf({ status, body, error }: HttpResponse, fields: string[]): HttpResponse["body"] {
    if (body !== undefined || error === undefined) return body;
    const answer = explained(status, error, first(this.request.headers, "accept") ?? "");
    fields.push("content-type", answer.type);
    return answer.body;
  }

  #stream(body: Readable, response: HttpResponse): void {
    const { sink } = this;
    const goOn = (): void => {
      body.resume();
    };
    sink.onDrain = goOn;
    let isOver = false;
    body.on("data", (part: unknown) => {
      if (!this.#pass(part, body)) body.pause();
    });
    body.once("end", () => {
      isOver = true;
      this.#end(response);
    });
    const failed = (error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      const detail = `the body of the response broke off${error === undefined ? "" : `: ${reasonOf(error)}`}`;
      this.broken(SluiceError.is(error) ? error : new SluiceError("SLUICE_UPSTREAM_RESET", detail, { cause: error }));
    };
    body.once("error", failed);
    body.once("close", failed);
    // A hook may have kept the response until its upstream was gone, or have read the body itself.
    if (body.destroyed || body.readableEnded) failed(body.errored ?? undefined);
    // What is streamed is announced before its first part.
    else if (body.readableLength === 0) sink.flush();
  }

  #pass(part: unknown, body: Readable): boolean {
    try {
      const chunk = bytesOf(part);
      this.bytes += chunk.length;
      return this.sink.write(chunk);
    } catch (error) {
      body.destroy(error as Error);
      return true;
    }
  }

  #end(response: HttpResponse): void {
    try {
      const fields = trailersOf(response);
      if (fields === undefined) this.sink.end();
      else this.sink.trail(fields);
    } catch (error) {
      // An upstream's trailers may be what may not be sent.
      this.broken(new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the trailers cannot be sent: ${reasonOf(error)}`, { cause: error }));
    }
  }
}

/** Names and values, one after the other; undefined where there are none. */
function trailersOf({ trailers, trailerNames }: HttpResponse): string[] | undefined {
  if (trailers === undefined) return undefined;
  const fields = wireFields(trailerFields(trailers()), trailerNames?.());
  return fields.length === 0 ? undefined : fields;
}

/** A hook's streams may give texts, and bytes that are no Buffer. @throws TypeError where it is neither */
function bytesOf(part: unknown): Buffer {
  if (part instanceof Buffer) return part;
  if (typeof part === "string") return Buffer.from(part);
  if (part instanceof Uint8Array) return Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  throw new TypeError("a body is neither text nor bytes");
}

/** The length of a body that is whole, whatever its maker said of it. */
function setLength(fields: string[], length: number): void {
  let isSet = false;
  for (let at = fields.length - 2; at >= 0; at -= 2) {
    if (!isNamed(fields[at], "content-length")) continue;
    if (isSet) fields.splice(at, 2);
    else fields[at + 1] = String(length);
    isSet = true;
  }
  if (!isSet) fields.push("content-length", String(length));
}
