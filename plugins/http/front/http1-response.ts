import type { SluiceError } from "sluice";
import { STATUS_CODES } from "node:http";
import { BodyLength, isNamed, lengthOf, without } from "../message/body-length.ts";
import { wireFields } from "../message/header-fields.ts";
import { fieldLines } from "../message/message-head.ts";
import type { InterimResponse } from "../exchange/client-request.ts";
import type { ResponseSink } from "../exchange/response-sink.ts";

/** The connection that a response goes into. */
export interface ResponseWriter {
  /** Enough waits. */
  readonly isFull: boolean;
  /** @returns false when enough waits */
  send(chunk: Buffer): boolean;
  /** The response is over. @param isKept another request may follow */
  answered(isKept: boolean): void;
  abort(error: SluiceError): void;
}

/** What a response has to know of its request. */
export interface Answered {
  readonly method: string;
  readonly minor: number;
  /** The client wants no other response. */
  readonly isLast: boolean;
}

/** How the body ends: there is none, after so many bytes, by a chunk of none, or with the connection. */
type Framing = "none" | "length" | "chunked" | "until-end";

const LAST_CHUNK = "0\r\n";
const nothing = Buffer.alloc(0);
const unmeasured = new BodyLength(undefined);

/** A response of HTTP/1. Head and first part of the body go out together. */
export class Http1Response implements ResponseSink {
  readonly keepsCase = true;
  status = 0;
  isWhole = false;
  onDrain: (() => void) | undefined = undefined;
  onClosed: (() => void) | undefined = undefined;
  onMoved: ((isTaken: boolean) => void) | undefined = undefined;
  #head = "";
  #framing: Framing = "none";
  #length = unmeasured;
  #isKept = false;
  /** All was given away; the connection has not taken it yet. */
  isEnding = false;
  #isClosed = false;

  constructor(
    private readonly writer: ResponseWriter,
    private readonly request: Answered,
    /** What is said to a client whose connection is kept. */
    private readonly keepAlive: string,
  ) {}

  get isPending(): boolean {
    return !this.#isClosed && this.writer.isFull;
  }

  goOn(): void {
    // RFC 9110 section 10.1.1: what a client of HTTP/1.0 expects is ignored.
    if (this.request.minor === 0) return;
    this.writer.send(Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"));
  }

  inform({ status, statusText, headers, fieldNames }: InterimResponse): void {
    // RFC 9110 section 15.2: a client of HTTP/1.0 knows of no such thing. What is no response does not wait.
    if (this.request.minor === 0 || this.writer.isFull) return;
    const lines = fieldLines(wireFields(headers, fieldNames));
    this.writer.send(Buffer.from(`HTTP/1.1 ${status} ${reasonOf(status, statusText)}\r\n${lines}\r\n`, "latin1"));
  }

  head(status: number, fields: readonly string[], isClosing: boolean, reason?: string): void {
    checkStatus(status);
    const length = lengthOf(fields);
    const lines = fieldLines(status === 204 ? without(fields, "content-length") : fields);
    this.#framing = this.#framingOf(status, length);
    if (this.#framing === "length") this.#length = new BodyLength(length);
    this.#isKept = !isClosing && !this.request.isLast && this.#framing !== "until-end";
    const date = valueOf(fields, "date") === undefined ? dateLine() : "";
    this.#head = `HTTP/1.1 ${status} ${reasonOf(status, reason)}\r\n${lines}${date}${this.#connectionLines()}\r\n`;
    this.status = status;
  }

  flush(): void {
    if (this.#head === "") return;
    const head = Buffer.from(this.#head, "latin1");
    this.#head = "";
    this.#give(head);
  }

  write(chunk: Buffer): boolean {
    if (this.#isClosed || chunk.length === 0) return true;
    if (this.#framing === "none") {
      this.flush();
      return true;
    }
    if (this.#framing === "chunked") return this.#send(`${chunk.length.toString(16)}\r\n`, chunk, "\r\n");
    if (!this.#fits(chunk, false)) return true;
    return this.#send("", chunk, "");
  }

  end(last = nothing): void {
    if (this.#isClosed) return;
    if (this.#framing === "none") this.#finish("", nothing, "");
    else if (this.#framing === "chunked") this.#endChunked(last);
    else if (this.#fits(last, true)) this.#finish("", last, "");
  }

  #endChunked(last: Buffer): void {
    if (last.length === 0) this.#finish("", nothing, `${LAST_CHUNK}\r\n`);
    else this.#finish(`${last.length.toString(16)}\r\n`, last, `\r\n${LAST_CHUNK}\r\n`);
  }

  trail(trailers: readonly string[]): void {
    if (this.#isClosed) return;
    const lines = fieldLines(trailers);
    if (this.#framing === "chunked") this.#finish("", nothing, `${LAST_CHUNK}${lines}\r\n`);
    else this.end();
  }

  abort(error: SluiceError): void {
    if (!this.#isClosed) this.writer.abort(error);
  }

  /** The connection has room again. */
  drained(): void {
    this.onMoved?.(true);
    if (this.isEnding) this.#over();
    else this.onDrain?.();
  }

  /** The connection is gone. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onClosed?.();
  }

  #framingOf(status: number, length: number | undefined): Framing {
    if (this.request.method === "HEAD" || status === 204 || status === 304) return "none";
    if (length !== undefined) return "length";
    return this.request.minor === 0 ? "until-end" : "chunked";
  }

  #connectionLines(): string {
    const coding = this.#framing === "chunked" ? "transfer-encoding: chunked\r\n" : "";
    return coding + (this.#isKept ? this.keepAlive : "connection: close\r\n");
  }

  /** Whether a part belongs to the body, and the end is one. */
  #fits(chunk: Buffer, isEnd: boolean): boolean {
    const mismatch = this.#length.take(chunk.length) ?? (isEnd ? this.#length.end() : undefined);
    if (mismatch !== undefined) this.abort(mismatch);
    return mismatch === undefined;
  }

  #finish(before: string, chunk: Buffer, after: string): void {
    this.isEnding = true;
    if (this.#send(before, chunk, after)) this.#over();
  }

  #over(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.isWhole = true;
    this.onClosed?.();
    this.writer.answered(this.#isKept);
  }

  /** One buffer is one write, and that one system call. */
  #send(before: string, chunk: Buffer, after: string): boolean {
    const head = this.#head + before;
    this.#head = "";
    if (head === "" && after === "") return chunk.length === 0 ? !this.writer.isFull : this.#give(chunk);
    const whole = Buffer.allocUnsafe(head.length + chunk.length + after.length);
    whole.write(head, 0, "latin1");
    if (chunk.length > 0) chunk.copy(whole, head.length);
    if (after !== "") whole.write(after, head.length + chunk.length, "latin1");
    return this.#give(whole);
  }

  #give(bytes: Buffer): boolean {
    const isTaken = this.writer.send(bytes);
    if (!isTaken) this.onMoved?.(false);
    return isTaken;
  }
}

/** What no reason may have (RFC 9112 section 4). */
const unspeakable = /[^\t\u0020-\u007e\u0080-\u00ff]/;
const usual: ReadonlySet<string | undefined> = new Set(Object.values(STATUS_CODES));

/** The words that were given, if they are not the usual ones of another status: that a hook has changed. */
function reasonOf(status: number, given: string | undefined): string {
  const own = STATUS_CODES[status] ?? "Unknown";
  if (given === undefined || given === own || usual.has(given) || unspeakable.test(given)) return own;
  return given;
}

/** @throws RangeError */
function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 999) throw new RangeError(`${status} is not the status of a response`);
}

function valueOf(fields: readonly string[], name: string): string | undefined {
  for (let at = 0; at + 1 < fields.length; at += 2) if (isNamed(fields[at], name)) return fields[at + 1];
  return undefined;
}

let dated = "";
let datedAt = 0;

/** RFC 9110 section 6.6.1. Made once a second. */
function dateLine(): string {
  const now = Date.now();
  if (now - datedAt >= 1000 || now < datedAt) {
    datedAt = now - (now % 1000);
    dated = `date: ${new Date(datedAt).toUTCString()}\r\n`;
  }
  return dated;
}
