import type { HttpResponse } from "sluice";
import { endToEnd } from "./header-fields.ts";
import { decimal } from "./message-head.ts";
import { MessageParser, type BodyFraming } from "./message-parser.ts";

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const beginning = "HTTP/1.";
/** What says where a response, or its connection, ends. */
const framing: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "connection", "keep-alive"]);

/** Reads the responses of an upstream. What frames them is its connection's alone: the client's response is framed again. */
export class ResponseParser extends MessageParser {
  protected override readonly isLenient = true;
  status = 0;
  /** The words after the status. */
  reason = "";
  /** Of the request that is answered: a response to HEAD has no body. */
  method = "";
  /** The connection can take another request after it. */
  isKept = false;
  /** Milliseconds for which the upstream says that it keeps the connection; Infinity when it does not say. */
  keptFor = Infinity;
  #minor = 1;
  #length: number | undefined;
  /** How often Content-Length said so. */
  #lengths = 0;
  #chunked = false;
  /** Connection says close. */
  #isLast = false;

  /** The header that has come, without what belongs to the connection. */
  get response(): Pick<HttpResponse, "status" | "statusText" | "headers" | "fieldNames"> {
    const { status, reason: statusText, fields, fieldNames } = this;
    return { status, statusText, headers: endToEnd(fields), fieldNames };
  }

  protected override first(line: string): void {
    const match = statusLine.exec(line);
    if (match === null) {
      this.refuse("the status line is malformed");
      return;
    }
    this.#minor = match[1] === "1" ? 1 : 0;
    this.status = Number(match[2]);
    this.reason = match[3] ?? "";
    this.isKept = this.#minor === 1;
    this.keptFor = Infinity;
    this.#length = undefined;
    this.#lengths = 0;
    this.#chunked = false;
    this.#isLast = false;
  }

  protected override mayBegin(partial: string): boolean {
    // An empty line before it is ignored.
    return partial === "\r" || beginning.startsWith(partial.slice(0, beginning.length));
  }

  protected override field(name: string, value: string): void {
    if (name === "content-length") this.#contentLength(value);
    else if (name === "transfer-encoding") this.#transferEncoding(value);
    else if (name === "connection") this.#connection(value.toLowerCase());
    else if (name === "keep-alive") this.keptFor = keptFor(value);
  }

  /** Not what frames the body: there, a second line may be read, or not. */
  protected override mayFold(name: string): boolean {
    return !framing.has(name);
  }

  protected override headed(): BodyFraming {
    const ending = this.#framing();
    if (this.#lengths > 1) this.#sayOnce();
    if (this.#isLast || ending === "until-end" || this.#isOdd()) this.isKept = false;
    return ending;
  }

  /** RFC 9112 section 6.3. */
  #framing(): BodyFraming {
    if (this.method === "HEAD" || this.status < 200 || this.status === 204 || this.status === 304) return 0;
    if (this.#chunked && this.#length !== undefined) this.refuse("both content-length and transfer-encoding were sent");
    if (this.#chunked) return "chunked";
    return this.#length ?? "until-end";
  }

  /** Says of its body what it may not say, so that more may follow than it has; and that is no response to the next request. */
  #isOdd(): boolean {
    if (this.status === 204) return this.#chunked || (this.#length ?? 0) > 0;
    return this.#chunked && this.#minor === 0;
  }

  #connection(value: string): void {
    for (const each of value.split(",")) {
      const option = each.trim();
      if (option === "close") this.#isLast = true;
      else if (option === "keep-alive" && this.#minor === 0) this.isKept = true;
    }
  }

  #contentLength(value: string): void {
    // RFC 9110 section 8.6: one number, though it be said several times.
    for (const each of value.split(",")) {
      const text = each.trim();
      if (!decimal.test(text)) this.refuse("content-length is no number");
      else if (this.#length !== undefined && Number(text) !== this.#length) this.refuse("content-length was sent twice, and differs");
      this.#length = Number(text);
      this.#lengths += 1;
    }
  }

  /** Leaves one Content-Length in the header. */
  #sayOnce(): void {
    const { fields } = this;
    for (let at = fields.length - 2; at >= 0; at -= 2) if (fields[at] === "content-length") fields.splice(at, 2);
    fields.push("content-length", String(this.#length));
  }

  #transferEncoding(value: string): void {
    if (this.#chunked || value.toLowerCase() !== "chunked") this.refuse("a transfer-encoding other than chunked is not understood");
    else this.#chunked = true;
  }
}

/** A second less than the upstream says, so that no request is on its way when it closes. */
function keptFor(value: string): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value)?.[1];
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) - 1) * 1000;
}
