import type { SluiceError } from "sluice";
import { BodyLength, lengthOf, without } from "../message/body-length.ts";
import { dateLine, hasDate } from "../message/date-field.ts";
import { wireFields } from "../message/header-fields.ts";
import { fieldLines } from "../message/message-head.ts";
import { checkStatus, reasonPhrase } from "../message/status-line.ts";
import type { InterimResponse } from "../exchange/client-request.ts";
import type { ResponseSink } from "../exchange/response-sink.ts";

/** The connection that sends a response. */
export interface ResponseWriter {
  /** Whether enough bytes wait. */
  readonly isFull: boolean;
  /** @returns false when enough bytes wait */
  send(chunk: Buffer): boolean;
  /**
   * Called at the end of the response.
   * @param isKept whether another request may follow
   * @param failure why the response has no end
   */
  answered(isKept: boolean, failure: SluiceError | undefined): void;
  abort(error: SluiceError): void;
}

/** The facts about a request that its response depends on. */
export interface RequestFacts {
  readonly method: string;
  readonly minor: number;
  /** Whether the client asked to close the connection after this response. */
  readonly isLast: boolean;
}

/** How the body ends: no body, after a number of bytes, with an empty chunk, or with the connection. */
type Framing = "none" | "length" | "chunked" | "until-end";

const LAST_CHUNK = "0\r\n";
const nothing = Buffer.alloc(0);
const unmeasured = new BodyLength(undefined);

/** A response of HTTP/1. Its head and the first part of the body are sent together. */
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
  /** Whether all of it was given to the connection, which has not sent it yet. */
  isEnding = false;
  /** Why it breaks off, once everything that came was sent. */
  #failure: SluiceError | undefined;
  #isClosed = false;

  constructor(
    private readonly writer: ResponseWriter,
    private readonly request: RequestFacts,
    /** The header lines for a client whose connection is kept. */
    private readonly keepAlive: string,
  ) {}

  get isPending(): boolean {
    return !this.#isClosed && this.writer.isFull;
  }

  goOn(): void {
    // RFC 9110 section 10.1.1: Expect is ignored in a request of HTTP/1.0.
    if (this.request.minor === 0) return;
    this.writer.send(Buffer.from("HTTP/1.1 100 Continue\r\n\r\n"));
  }

  inform({ status, statusText, headers, fieldNames }: InterimResponse): void {
    // RFC 9110 section 15.2: HTTP/1.0 has no interim responses. When the connection is full, they are left out.
    if (this.request.minor === 0 || this.writer.isFull) return;
    const lines = fieldLines(wireFields(headers, fieldNames));
    this.writer.send(Buffer.from(`HTTP/1.1 ${status} ${reasonPhrase(status, statusText)}\r\n${lines}\r\n`, "latin1"));
  }

  head(status: number, fields: readonly string[], isClosing: boolean, reason?: string): void {
    checkStatus(status);
    const length = lengthOf(fields);
    const lines = fieldLines(status === 204 ? without(fields, "content-length") : fields);
    this.#framing = this.#framingOf(status, length);
    if (this.#framing === "length") this.#length = new BodyLength(length);
    this.#isKept = !isClosing && !this.request.isLast && this.#framing !== "until-end";
    const date = hasDate(fields) ? "" : dateLine();
    this.#head = `HTTP/1.1 ${status} ${reasonPhrase(status, reason)}\r\n${lines}${date}${this.#connectionLines()}\r\n`;
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

  end(last: Buffer = nothing): void {
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

  /**
   * A reset would discard what the client has not read yet. Where the framing shows that the rest is missing (RFC 9112 section 8), the connection ends
   * behind it instead.
   */
  abort(error: SluiceError): void {
    if (this.#isClosed) return;
    if (this.isEnding || error.source === "client" || !this.#isShort) {
      this.writer.abort(error);
      return;
    }
    this.isEnding = true;
    this.#failure = error;
    if (!this.writer.isFull) this.#over();
  }

  /** Whether a part was sent, and the client can tell that it is not the whole. */
  get #isShort(): boolean {
    if (this.#head !== "") return false;
    return this.#framing === "chunked" || (this.#framing === "length" && !this.#length.isComplete);
  }

  /** Called when the connection has room again. */
  drained(): void {
    this.onMoved?.(true);
    if (this.isEnding) this.#over();
    else this.onDrain?.();
  }

  /** Called when the connection is closed. */
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

  /** Checks a part, or the end, against the declared length of the body. */
  #fits(chunk: Buffer, isEnd: boolean): boolean {
    const mismatch = this.#length.take(chunk.length) ?? (isEnd ? this.#length.end() : undefined);
    if (mismatch !== undefined) this.writer.abort(mismatch);
    return mismatch === undefined;
  }

  #finish(before: string, chunk: Buffer, after: string): void {
    this.isEnding = true;
    if (this.#send(before, chunk, after)) this.#over();
  }

  #over(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.isWhole = this.#failure === undefined;
    this.onClosed?.();
    this.writer.answered(this.#isKept && this.isWhole, this.#failure);
  }

  /** Sends everything as one buffer, which is one system call. */
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
