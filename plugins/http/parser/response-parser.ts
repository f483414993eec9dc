import type { HttpResponse } from "sluice";
import { endToEnd, withUpgrade } from "../message/header-fields.ts";
import { decimal } from "../message/message-head.ts";
import type { BodyFraming } from "../message/body-length.ts";
import { MessageParser } from "./message-parser.ts";

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/;
const beginning = "HTTP/1.";
/** Fields about the end of a response or of its connection. */
const framing: ReadonlySet<string> = new Set(["content-length", "transfer-encoding", "connection", "keep-alive"]);

/** Reads the responses of an upstream. Their framing is not passed on: the response to the client gets its own. */
export class ResponseParser extends MessageParser {
  protected override readonly isLenient = true;
  status = 0;
  /** The words after the status. */
  reason = "";
  /** The method of the request: a response to HEAD has no body. */
  method = "";
  /** Whether the connection can be used for another request. */
  isKept = false;
  /** Milliseconds for which the upstream says that it keeps the connection; Infinity when it does not say. */
  keptFor = Infinity;
  #minor = 1;
  #length: number | undefined;
  /** How often Content-Length was sent. */
  #lengths = 0;
  #chunked = false;
  /** Whether Connection says close. */
  #isLast = false;

  /** The header of the response, without the fields of the connection except Upgrade where it tells the client of a protocol. */
  get response(): Pick<HttpResponse, "status" | "statusText" | "headers" | "fieldNames"> {
    const { status, reason: statusText, fields, fieldNames } = this;
    const headers = status === 101 || status === 426 ? withUpgrade(fields) : endToEnd(fields);
    return { status, statusText, headers, fieldNames };
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
    // An empty line before the response is ignored.
    return partial === "\r" || beginning.startsWith(partial.slice(0, beginning.length));
  }

  protected override field(name: string, value: string): void {
    if (name === "content-length") this.#contentLength(value);
    else if (name === "transfer-encoding") this.#transferEncoding(value);
    else if (name === "connection") this.#connection(value.toLowerCase());
    else if (name === "keep-alive") this.keptFor = keptFor(value);
  }

  /** Not for fields about the end of the body: other parsers may ignore the second line. */
  protected override mayFold(name: string): boolean {
    return !framing.has(name);
  }

  protected override headed(): BodyFraming {
    const ending = this.#framing();
    if (this.#lengths > 1) this.#sayOnce();
    if (this.#isLast || ending === "until-end" || this.#isOdd()) this.isKept = false;
    return ending;
  }

  /** The framing of the body (RFC 9112 section 6.3). */
  #framing(): BodyFraming {
    if (this.method === "HEAD" || this.status < 200 || this.status === 204 || this.status === 304) return 0;
    if (this.#chunked && this.#length !== undefined) this.refuse("both content-length and transfer-encoding were sent");
    if (this.#chunked) return "chunked";
    return this.#length ?? "until-end";
  }

  /** Whether the header contradicts the framing, so that unexpected bytes may follow, which must not be taken for the next response. */
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
    // RFC 9110 section 8.6: the same number may be repeated.
    for (const each of decimal.test(value) ? [value] : value.split(",")) {
      const text = each.trim();
      if (!decimal.test(text)) this.refuse("content-length is not a number");
      else if (this.#length !== undefined && Number(text) !== this.#length) this.refuse("content-length was sent twice, and differs");
      this.#length = Number(text);
      this.#lengths += 1;
    }
  }

  /** Leaves only one Content-Length in the header. */
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

/** A second less than the upstream's own time, so that no request is on its way when it closes. */
function keptFor(value: string): number {
  const seconds = /(?:^|[,\s])timeout=(\d{1,6})/i.exec(value)?.[1];
  return seconds === undefined ? Infinity : Math.max(0, Number(seconds) - 1) * 1000;
}
