import type { SluiceError } from "sluice";
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { BodyLength, lengthOf, without } from "../message/body-length.ts";
import { wireFields } from "../message/header-fields.ts";
import { http2Fields } from "../message/http2-fields.ts";
import type { InterimResponse } from "../exchange/client-request.ts";
import type { ResponseSink } from "../exchange/response-sink.ts";
import { codeOf } from "../message/stream-reset.ts";

const { HTTP2_HEADER_STATUS, NGHTTP2_NO_ERROR } = constants;
const nothing = Buffer.alloc(0);
const bodiless: ReadonlySet<number> = new Set([204, 205, 304]);
/** Statuses without Content-Length: it would announce a body that is not sent, which resets the stream (RFC 9113 section 8.1.1). */
const lengthless: ReadonlySet<number> = new Set([204, 205]);

/** The connection of a response. */
export interface ResponseOwner {
  /** Called when its stream is closed. */
  gone(response: Http2Response): void;
}

/**
 * A response in a stream of HTTP/2. Node throws for some headers, in some cases long after they were set: so everything that it
 * could refuse is refused or corrected when it is set. The head is sent with the first part of the body, or with the end.
 */
export class Http2Response implements ResponseSink {
  readonly keepsCase = false;
  status = 0;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  onMoved: ((isTaken: boolean) => void) | undefined = undefined;
  /** Called when all of it was sent to the client: an earlier reset would replace data that waits to be written. */
  onSent: (() => void) | undefined = undefined;
  /** Whether `end` was called. The client may be slow to read the rest. */
  isEnded = false;
  /** Bytes of the body that were written but not sent: they wait for the client's window. */
  #unsent = 0;
  /** Why it breaks off, once everything that waits was sent. */
  #broken: SluiceError | undefined;
  /** The head, until it is sent. */
  #head: OutgoingHttpHeaders | undefined;
  #trailers: OutgoingHttpHeaders = {};
  #length = new BodyLength(undefined);
  #hasBody = false;

  constructor(
    readonly stream: ServerHttp2Stream,
    private readonly method: string,
    private readonly owner: ResponseOwner,
  ) {
    stream.once("close", () => {
      this.#closed();
    });
  }

  /** Lets go of the exchange: Node's table of streams keeps a closed one, and all that it leads to, until a full garbage collection (ADR 0060). */
  #closed(): void {
    const { onClosed } = this;
    this.onDrain = undefined;
    this.onClosed = undefined;
    this.onMoved = undefined;
    onClosed?.();
    this.owner.gone(this);
  }

  /** False after a reset, with which a stream also finishes. */
  get isWhole(): boolean {
    return this.isEnded && this.stream.rstCode === NGHTTP2_NO_ERROR;
  }

  get isPending(): boolean {
    return this.#isOpen && (this.#unsent > 0 || this.isEnded);
  }

  /** Called when bytes of the body were sent to the client. */
  passed(bytes: number): void {
    this.#unsent -= bytes;
    this.onMoved?.(true);
    const broken = this.#broken;
    // This happens while Node writes.
    if (broken !== undefined && this.#unsent === 0) setImmediate(() => this.abort(broken));
  }

  /** Called when the end was sent to the client. This happens while Node writes, so `onSent` is called later. */
  passedEnd(): void {
    setImmediate(() => this.onSent?.());
  }

  goOn(): void {
    if (this.#isOpen) this.stream.additionalHeaders({ [HTTP2_HEADER_STATUS]: 100 });
  }

  inform({ status, headers }: InterimResponse): void {
    if (this.#isOpen) this.stream.additionalHeaders({ [HTTP2_HEADER_STATUS]: status, ...http2Fields(wireFields(headers)) });
  }

  head(status: number, fields: readonly string[]): void {
    if (!Number.isInteger(status) || status < 200 || status > 599) throw new RangeError(`HTTP/2 has no status ${status}`);
    if (this.method === "CONNECT" && status < 300)
      throw new RangeError(`${status} to CONNECT would agree to a protocol that the upstream did not agree to`);
    const length = lengthOf(fields);
    this.#head = http2Fields(lengthless.has(status) ? without(fields, "content-length") : fields);
    this.#head[HTTP2_HEADER_STATUS] = status;
    this.#hasBody = this.method !== "HEAD" && !bodiless.has(status);
    if (this.#hasBody) this.#length = new BodyLength(length);
    this.status = status;
  }

  flush(): void {
    this.#begin(!this.#hasBody);
  }

  write(chunk: Buffer): boolean {
    this.flush();
    if (!this.#hasBody || !this.#isOpen || chunk.length === 0) return true;
    if (!this.#fits(chunk.length, false)) return true;
    this.#unsent += chunk.length;
    this.onMoved?.(false);
    return this.stream.write(chunk);
  }

  end(last: Buffer = nothing): void {
    if (this.#hasBody && !this.#fits(last.length, true)) return;
    const part = this.#hasBody ? last : nothing;
    this.isEnded = true;
    this.#begin(part.length === 0, false);
    if (!this.#isOpen || this.stream.writableEnded) return;
    this.#unsent += part.length;
    this.onMoved?.(false);
    if (part.length === 0) this.stream.end();
    else this.stream.end(part);
  }

  trail(trailers: readonly string[]): void {
    this.#trailers = http2Fields(trailers);
    if (this.#hasBody) this.flush();
    this.end();
  }

  /** A reset would discard what waits for the client's window, so it comes behind that. */
  abort(error?: SluiceError): void {
    if (this.stream.destroyed) return;
    const isAtOnce = this.#broken !== undefined || error === undefined || error.source === "client" || this.#unsent === 0;
    if (isAtOnce) this.stream.close(codeOf(error));
    else this.#broken = error;
  }

  get #isOpen(): boolean {
    return !this.stream.destroyed && !this.stream.closed;
  }

  /** @param isAll whether nothing follows the head */
  #begin(isAll: boolean, waitForTrailers = !isAll): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    if (!this.#isOpen) return;
    if (waitForTrailers) this.#follow();
    this.stream.respond(head, { endStream: isAll, waitForTrailers });
  }

  /** Most responses come whole, and need none of these listeners. */
  #follow(): void {
    const { stream } = this;
    stream.on("drain", () => this.onDrain?.());
    stream.once("wantTrailers", () => {
      stream.sendTrailers(this.#trailers);
    });
  }

  /** Checks a part, or the end, against the declared length of the body. */
  #fits(bytes: number, isEnd: boolean): boolean {
    const mismatch: SluiceError | undefined = this.#length.take(bytes) ?? (isEnd ? this.#length.end() : undefined);
    if (mismatch !== undefined) this.abort();
    return mismatch === undefined;
  }
}
