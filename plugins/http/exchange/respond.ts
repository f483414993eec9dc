import { reasonOf, SluiceError } from "sluice";
import type { HttpRequest, HttpResponse } from "sluice";
import { Readable } from "node:stream";
import { isNamed } from "../message/body-length.ts";
import { explained } from "../message/failure.ts";
import { first, trailerFields, wireFields } from "../message/header-fields.ts";
import type { ResponseSink } from "./response-sink.ts";

/** Sends one response; its body as it comes, and as fast as the client reads. */
export class Responder {
  /** Bytes of the body that were sent. */
  bytes = 0;

  constructor(
    private readonly sink: ResponseSink,
    private readonly request: HttpRequest,
    /** Called when the body breaks off, so that the client does not take a part for the whole. */
    private readonly broken: (error: SluiceError) => void,
  ) {}

  /**
   * @param isClosing whether the connection serves no other request
   * @throws when a part of the response may not be sent; then nothing was sent
   */
  send(response: HttpResponse, isClosing: boolean): void {
    const fields = this.#fieldsOf(response);
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

  #fieldsOf({ status, headers, fieldNames }: HttpResponse): string[] {
    const fields = wireFields(headers, this.sink.keepsCase ? fieldNames : undefined);
    const upgrade = status === 426 ? first(headers, "upgrade") : undefined;
    // RFC 9110 section 15.5.22: it names the protocol that the client needs. Only HTTP/1.1 has this field.
    if (upgrade !== undefined && this.request.httpVersion === "1.1") fields.push("connection", "Upgrade", "upgrade", upgrade);
    return fields;
  }

  #endTrailed(last: Buffer | undefined, trailers: readonly string[]): void {
    if (last !== undefined) this.sink.write(last);
    this.sink.trail(trailers);
  }

  /** Whether Content-Length can be computed from the body: a response to HEAD describes a body that is not sent. */
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
    // A hook may have kept the response until its upstream was gone, or may have read the body itself.
    if (body.destroyed || body.readableEnded) failed(body.errored ?? undefined);
    // The header of a streamed response is sent before the first part of the body.
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
      // Trailers of an upstream may be malformed.
      this.broken(new SluiceError("SLUICE_UPSTREAM_PROTOCOL", `the trailers cannot be sent: ${reasonOf(error)}`, { cause: error }));
    }
  }
}

/** The trailers: names and values, one after the other; undefined when there are none. */
function trailersOf({ trailers, trailerNames }: HttpResponse): string[] | undefined {
  if (trailers === undefined) return undefined;
  const fields = wireFields(trailerFields(trailers()), trailerNames?.());
  return fields.length === 0 ? undefined : fields;
}

/** The bytes of a part: a hook's stream may return texts, and bytes that are not a Buffer. @throws TypeError when it is neither */
function bytesOf(part: unknown): Buffer {
  if (part instanceof Buffer) return part;
  if (typeof part === "string") return Buffer.from(part);
  if (part instanceof Uint8Array) return Buffer.from(part.buffer, part.byteOffset, part.byteLength);
  throw new TypeError("a body is neither text nor bytes");
}

/** Sets Content-Length to the length of a complete body, whatever it was before. */
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
