import { tooLarge } from "./body-length.ts";
import { isBlank, valueOf } from "./field-text.ts";
import { spellings, token } from "./message-head.ts";

/** Why bytes are no message that may be passed on, and the status that says so. */
export interface Refusal {
  readonly status: 400 | 405 | 413 | 431;
  readonly detail: string;
}

/** How a message goes on after its header: without a body, with one of so many bytes, in chunks, or up to the connection's end. */
export type BodyFraming = number | "chunked" | "until-end";

export interface ParserLimits {
  /** Bytes of a header, its first line included. */
  readonly header: number;
  /** Fields in it, and among the trailers. */
  readonly fields: number;
  /** Bytes of a body. @default any */
  readonly body?: number | undefined;
}

type State = "first-line" | "head" | "fixed" | "chunk-size" | "chunk-data" | "chunk-end" | "trailer" | "until-end";

const CR = 13;
/** Bytes that are looked at together for lines. Most headers are shorter. */
const WINDOW = 4096;
/** The same where a line is the size of a chunk, and the chunk follows. */
const CHUNK_WINDOW = 32;
const CHUNK_LINE = 4096;
/** Bytes that lines of chunks may have beyond what small chunks need: extensions mean nothing here, and what they come with is kept. */
const CHUNK_EXCESS = 16 * 1024;
/** What the line of a chunk may have for each, besides twice its size. */
const CHUNK_ALLOWED = 16;
// Everything but HTAB: a control character means different things to different parsers.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const chunkSize = /^([0-9a-fA-F]{1,12})(?:[\t ]*;.*)?$/;

/**
 * Reads messages of HTTP/1 from chunks, as strictly as RFC 9112 allows, and stops at the first line that two parsers could see
 * differently. It is asked, and does not call back: whoever reads decides between the parts what to do with the next.
 *
 * Nothing of a chunk is kept but the beginning of a line.
 */
export abstract class MessageParser {
  refusal: Refusal | undefined = undefined;
  /** The last `read` came to the end of the header. */
  isHead = false;
  /** The message is over: nothing is read until `next`. */
  isWhole = false;
  /** The part of the body that the last `read` came to. */
  piece: Buffer | undefined = undefined;
  /** Names in lower case and values, one after the other, as they came. */
  fields: string[] = [];
  /** The same, with the names as they came. */
  trailers: string[] = [];
  /** Where a field of the header has capital letters: of each field the name in lower case, and as it came. */
  fieldNames: string[] | undefined = undefined;
  #state: State = "first-line";
  #partial = "";
  /** Bytes of the body, or of the chunk, that are still to come. */
  #left = 0;
  #headBytes = 0;
  #excess = 0;
  #bodyBytes = 0;
  #isBegun = false;

  /** Whether what an RFC lets a proxy put right is, instead of refused: where one reading alone is possible. */
  protected readonly isLenient: boolean = false;

  constructor(protected readonly limits: ParserLimits) {}

  /** Something of a message has come, and not all of it. */
  get isBegun(): boolean {
    return this.#isBegun && !this.isWhole;
  }

  /** The header has come, and not all of the body. */
  get isInBody(): boolean {
    return this.#isBegun && !this.isWhole && this.#state !== "first-line" && this.#state !== "head";
  }

  /** Makes ready for the message after the one that is whole. */
  next(): void {
    this.isWhole = false;
    this.isHead = false;
    this.#isBegun = false;
    this.#state = "first-line";
    this.#headBytes = 0;
    this.#excess = 0;
    this.#bodyBytes = 0;
    this.fields = [];
    this.trailers = [];
    this.fieldNames = undefined;
  }

  /**
   * Reads on, up to the end of the header, of a part of the body, or of the message.
   * @returns where to go on; what is refused is not passed
   */
  read(chunk: Buffer, from: number): number {
    this.piece = undefined;
    this.isHead = false;
    let at = from;
    while (at < chunk.length && !this.isWhole && this.refusal === undefined) {
      if (this.#left > 0 || this.#state === "until-end") return this.#body(chunk, at);
      at = this.#lines(chunk, at);
      if (this.isHead) return at;
    }
    return at;
  }

  /** The connection has ended. @returns whether that is a message's end, too */
  finish(): boolean {
    if (this.#state === "until-end") this.isWhole = true;
    return !this.isBegun;
  }

  /** The message's first line, without CR and LF. */
  protected abstract first(line: string): void;

  /** Whether a first line may begin so: what speaks something else need not come to the end of a line. */
  protected abstract mayBegin(partial: string): boolean;

  /** One field of the header. @param name in lower case */
  protected abstract field(name: string, value: string): void;

  /** The header has ended. */
  protected abstract headed(): BodyFraming;

  /** The last field goes on in a line of its own. @returns whether it may */
  protected mayFold(_name: string): boolean {
    return false;
  }

  protected refuse(detail: string, status: Refusal["status"] = 400): void {
    this.refusal ??= { status, detail };
  }

  /** So many bytes of the body are to come. */
  protected comes(bytes: number): void {
    this.#bodyBytes += bytes;
    const { body = Infinity } = this.limits;
    if (this.#bodyBytes > body) this.refuse(tooLarge(body), 413);
  }

  #body(chunk: Buffer, at: number): number {
    const length = this.#state === "until-end" ? chunk.length - at : Math.min(this.#left, chunk.length - at);
    this.piece = at === 0 && length === chunk.length ? chunk : chunk.subarray(at, at + length);
    if (this.#state === "until-end") return at + length;
    this.#left -= length;
    if (this.#left === 0 && this.#state === "fixed") this.isWhole = true;
    else if (this.#left === 0) this.#state = "chunk-end";
    return at + length;
  }

  /** Reads lines, up to the first byte that belongs to none. @returns where to go on */
  #lines(chunk: Buffer, at: number): number {
    const text = chunk.toString("latin1", at, Math.min(chunk.length, at + (this.#isAtChunk ? CHUNK_WINDOW : WINDOW)));
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const line = this.#partial === "" ? text.slice(from, end) : this.#partial + text.slice(from, end);
      this.#partial = "";
      from = end + 1;
      this.#checkLength(line);
      if (this.refusal === undefined) this.#line(line);
      if (this.refusal !== undefined || this.isHead || this.isWhole || this.#left > 0) return at + from;
    }
    if (from < text.length) this.#keep(text.slice(from));
    return at + text.length;
  }

  /** The beginning of a line. */
  #keep(text: string): void {
    this.#partial += text;
    this.#isBegun = true;
    this.#checkLength(this.#partial);
    if (this.#state === "first-line" && !this.mayBegin(this.#partial)) this.refuse("the first line is malformed");
  }

  /** The next line is about a chunk. */
  get #isAtChunk(): boolean {
    return this.#state === "chunk-size" || this.#state === "chunk-end";
  }

  #checkLength(line: string): void {
    if (line.length > (this.#isAtChunk ? CHUNK_LINE : this.limits.header - this.#headBytes)) this.refuse("the header is too long", 431);
  }

  /** @param text with the CR, without the LF */
  #line(text: string): void {
    const hasCr = text.charCodeAt(text.length - 1) === CR;
    // RFC 9112 section 2.2: of the first line and of fields, not of chunks.
    if (!hasCr && (!this.isLenient || this.#isAtChunk)) {
      this.refuse("a line ends without CR");
      return;
    }
    const line = hasCr ? text.slice(0, -1) : text;
    if (control.test(line)) this.refuse("a line has a control character");
    else if (this.#state === "head" || this.#state === "trailer") this.#fieldLine(line);
    else if (this.#state === "first-line") this.#firstLine(line);
    else this.#chunkLine(line);
  }

  #firstLine(line: string): void {
    // RFC 9112 section 2.2: an empty line before a request is ignored.
    if (line === "") {
      this.#isBegun = false;
      return;
    }
    this.#isBegun = true;
    this.#headBytes = line.length;
    this.#state = "head";
    this.first(line);
  }

  #fieldLine(line: string): void {
    if (line === "") {
      if (this.#state === "trailer") this.isWhole = true;
      else this.#headEnded();
      return;
    }
    const into = this.#state === "trailer" ? this.trailers : this.fields;
    this.#headBytes += line.length + 2;
    if (into.length >= 2 * this.limits.fields) this.refuse(`the header has more than ${this.limits.fields} fields`, 431);
    if (isBlank(line.charCodeAt(0))) {
      this.#fold(into, line);
      return;
    }
    const colon = line.indexOf(":");
    const given = this.#nameOf(line, colon);
    if (!token.test(given)) {
      this.refuse("a header field is malformed");
      return;
    }
    const value = valueOf(line, colon + 1);
    if (this.#state === "head") this.#headField(given, value);
    else into.push(given, value);
  }

  #headField(given: string, value: string): void {
    const name = given.toLowerCase();
    if (name !== given) this.fieldNames ??= spellings(this.fields);
    this.fields.push(name, value);
    this.fieldNames?.push(name, given);
    this.field(name, value);
  }

  /** As it came. Blanks before the colon are removed (RFC 9112 section 5.1), or refused. */
  #nameOf(line: string, colon: number): string {
    let end = colon;
    if (this.isLenient) while (end > 0 && isBlank(line.charCodeAt(end - 1))) end -= 1;
    return line.slice(0, Math.max(0, end));
  }

  /** RFC 9112 section 5.2: a line that begins with a blank is the rest of the one before, or refused. */
  #fold(into: string[], line: string): void {
    const rest = valueOf(line, 0);
    // A line of blanks alone might be taken for the header's end.
    if (rest === "" || into.length === 0 || !this.mayFold((into[into.length - 2] ?? "").toLowerCase()))
      this.refuse("a header field is folded");
    else into[into.length - 1] = `${into[into.length - 1]} ${rest}`.trim();
  }

  #headEnded(): void {
    this.#headBytes = 0;
    const body = this.headed();
    if (this.refusal !== undefined) return;
    this.isHead = true;
    if (body === "chunked") this.#state = "chunk-size";
    else if (body === "until-end") this.#state = "until-end";
    else {
      this.#state = "fixed";
      this.#left = body;
      this.isWhole = body === 0;
    }
  }

  #chunkLine(line: string): void {
    if (this.#state === "chunk-end") {
      if (line === "") this.#state = "chunk-size";
      else this.refuse("a chunk is longer than its size says");
      return;
    }
    const digits = chunkSize.exec(line)?.[1];
    if (digits === undefined) this.refuse("the size of a chunk is malformed");
    else {
      this.#left = Number.parseInt(digits, 16);
      this.#excess = Math.max(0, this.#excess + line.length - CHUNK_ALLOWED - 2 * this.#left);
      if (this.#excess > CHUNK_EXCESS) this.refuse("there is more beside the chunks than in them");
      this.comes(this.#left);
      this.#state = this.#left === 0 ? "trailer" : "chunk-data";
    }
  }
}
