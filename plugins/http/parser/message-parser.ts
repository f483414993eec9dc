import { tooLarge, type BodyFraming } from "../message/body-length.ts";
import { BodyReader } from "./body-reader.ts";
import type { Refusal } from "../message/failure.ts";
import { isBlank, nameOf, valueOf } from "./field-text.ts";
import { knownFields, otherName } from "../message/known-fields.ts";
import { HeadMemory } from "./head-memory.ts";
import { isFieldName, spellings } from "../message/message-head.ts";

export interface ParserLimits {
  /** Bytes of a header, including its first line. */
  readonly header: number;
  /** Fields in the header, and fields among the trailers. */
  readonly fields: number;
  /** Bytes of a body. @default any */
  readonly body?: number | undefined;
}

type State = "first-line" | "head" | "body" | "trailer";

const CR = 13;
/** Bytes that are searched for lines at once. Most headers are shorter. */
const WINDOW = 4096;
/** Bytes that are searched for the line with a chunk's size, after which the chunk follows. */
const CHUNK_WINDOW = 32;
const CHUNK_LINE = 4096;
// All control characters except HTAB: parsers treat them differently.
// oxlint-disable-next-line no-control-regex -- the expression looks for control characters
const control = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/**
 * Reads messages of HTTP/1 from chunks, as strictly as RFC 9112 allows, and stops at the first line that two parsers could read
 * differently. It has no callbacks: the caller reads one part after the other, and decides in between.
 *
 * Of a chunk it keeps only the beginning of an unfinished line.
 */
export abstract class MessageParser {
  refusal: Refusal | undefined = undefined;
  /** Whether the last `read` came to the end of the header. */
  isHead = false;
  /** Whether the message is complete: nothing is read until `next`. */
  isWhole = false;
  /** The part of the body that the last `read` found. */
  piece: Buffer | undefined = undefined;
  /** The fields of the header: names in lower case and values, one after the other. */
  fields: string[] = [];
  /** The trailers: names as they were sent and values, one after the other. */
  trailers: string[] = [];
  /** If a field of the header has capital letters: for each field the name in lower case and its spelling. */
  fieldNames: string[] | undefined = undefined;
  #state: State = "first-line";
  #partial = "";
  #headBytes = 0;
  #bodyBytes = 0;
  readonly #body = new BodyReader();
  readonly #memory = new HeadMemory();
  #isBegun = false;

  /** Whether faults that an RFC allows a proxy to correct are corrected instead of refused; only faults with one possible meaning. */
  protected readonly isLenient: boolean = false;

  constructor(protected readonly limits: ParserLimits) {}

  /** Whether a part of a message has come, but not all of it. */
  get isBegun(): boolean {
    return this.#isBegun && !this.isWhole;
  }

  /** Whether the header has come, but not the whole body. */
  get isInBody(): boolean {
    return this.#isBegun && !this.isWhole && this.#state !== "first-line" && this.#state !== "head";
  }

  /** Prepares for the next message. */
  next(): void {
    this.isWhole = false;
    this.isHead = false;
    this.#isBegun = false;
    this.#state = "first-line";
    this.#headBytes = 0;
    this.#bodyBytes = 0;
    this.#body.begin(0);
    this.fields = [];
    this.trailers = [];
    this.fieldNames = undefined;
  }

  /**
   * Continues reading, up to the end of the header, of a part of the body, or of the message.
   * @returns the offset at which to continue; a refused part is not passed over
   */
  read(chunk: Buffer, from: number): number {
    this.piece = undefined;
    this.isHead = false;
    let at = from;
    while (at < chunk.length && !this.isWhole && this.refusal === undefined) {
      if (this.#body.left > 0) return this.#bytes(chunk, at);
      at = this.#lines(chunk, at);
      if (this.isHead) return at;
    }
    return at;
  }

  /** Called at the end of the connection. @returns whether the message is complete */
  finish(): boolean {
    if (this.#body.left === Infinity) this.isWhole = true;
    return !this.isBegun;
  }

  /** Called with the message's first line, without CR and LF. */
  protected abstract first(line: string): void;

  /** Whether a first line may begin like this: another protocol may never send the end of a line. */
  protected abstract mayBegin(partial: string): boolean;

  /** Called for each field of the header. @param name in lower case */
  protected abstract field(name: string, value: string): void;

  /** Called at the end of the header. */
  protected abstract headed(): BodyFraming;

  /** Whether a field may continue on another line. */
  protected mayFold(_name: string): boolean {
    return false;
  }

  protected refuse(detail: string, status: Refusal["status"] = 400): void {
    this.refusal ??= { status, detail };
  }

  /** Called with the number of bytes of the body that will come. */
  protected comes(bytes: number): void {
    this.#bodyBytes += bytes;
    const { body = Infinity } = this.limits;
    if (this.#bodyBytes > body) this.refuse(tooLarge(body), 413);
  }

  #bytes(chunk: Buffer, at: number): number {
    const piece = this.#body.take(chunk, at);
    this.piece = piece;
    this.isWhole = this.#body.isWhole;
    return at + piece.length;
  }

  /** Reads lines, up to the first byte that is not part of a line. @returns the offset at which to continue */
  #lines(chunk: Buffer, at: number): number {
    const text = chunk.toString("latin1", at, Math.min(chunk.length, at + (this.#state === "body" ? CHUNK_WINDOW : WINDOW)));
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      const line = this.#partial === "" ? text.slice(from, end) : this.#partial + text.slice(from, end);
      this.#partial = "";
      from = this.#next(line, text, end + 1);
      if (this.refusal !== undefined || this.isHead || this.isWhole || this.#body.left > 0) return at + from;
    }
    if (from < text.length) this.#keep(text.slice(from));
    return at + text.length;
  }

  /** Reads one line. @param behind the offset behind it in the text. @returns the offset of the next line that is to be read */
  #next(line: string, text: string, behind: number): number {
    const isFirst = this.#state === "first-line";
    this.#checkLength(line);
    if (this.refusal === undefined) this.#line(line);
    if (this.refusal !== undefined) return behind;
    if (isFirst) return this.#fieldsAgain(text, behind);
    if (this.isHead) this.#memory.keep(text, behind, this);
    return behind;
  }

  /** Takes the fields of the header before, if the text goes on with the same bytes. @returns the offset behind them */
  #fieldsAgain(text: string, from: number): number {
    const head = this.#memory.at(text, from);
    if (head === undefined || head.text.length > this.limits.header - this.#headBytes) return from;
    const { fields, fieldNames } = head;
    this.fields = fields;
    this.fieldNames = fieldNames?.slice();
    for (let at = 0; at + 1 < fields.length; at += 2) this.field(fields[at] ?? "", fields[at + 1] ?? "");
    this.#headEnded();
    return from + head.text.length;
  }

  /** Keeps the beginning of an unfinished line. */
  #keep(text: string): void {
    this.#partial += text;
    this.#isBegun = true;
    this.#checkLength(this.#partial);
    if (this.#state === "first-line" && !this.mayBegin(this.#partial)) this.refuse("the first line is malformed");
  }

  #checkLength(line: string): void {
    if (line.length > (this.#state === "body" ? CHUNK_LINE : this.limits.header - this.#headBytes))
      this.refuse("the header is too long", 431);
  }

  /** @param text the line with its CR, without its LF */
  #line(text: string): void {
    const hasCr = text.charCodeAt(text.length - 1) === CR;
    // RFC 9112 section 2.2 allows a missing CR in the first line and in fields, not in lines of chunks.
    if (!hasCr && (!this.isLenient || this.#state === "body")) {
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
    const given = nameOf(line, colon, this.isLenient);
    if (!isFieldName(given)) {
      this.refuse("a header field is malformed");
      return;
    }
    const value = valueOf(line, colon + 1);
    if (this.#state === "head") this.#headField(given, value);
    else into.push(given, value);
  }

  #headField(given: string, value: string): void {
    const { name, usual } = knownFields.get(given) ?? otherName(given);
    const isSpelt = name !== given;
    if (isSpelt) this.fieldNames ??= spellings(this.fields);
    this.fields.push(name, value);
    this.fieldNames?.push(name, isSpelt ? usual : name);
    this.field(name, value);
  }

  /** RFC 9112 section 5.2: a line that begins with a space continues the line before, or is refused. */
  #fold(into: string[], line: string): void {
    const rest = valueOf(line, 0);
    // Other parsers might take a line of spaces for the end of the header.
    if (rest === "" || into.length === 0 || !this.mayFold((into[into.length - 2] ?? "").toLowerCase()))
      this.refuse("a header field is folded");
    else into[into.length - 1] = `${into[into.length - 1]} ${rest}`.trim();
  }

  #headEnded(): void {
    this.#headBytes = 0;
    const body = this.headed();
    if (this.refusal !== undefined) return;
    this.isHead = true;
    this.#state = "body";
    this.#body.begin(body);
    this.isWhole = this.#body.isWhole;
  }

  #chunkLine(line: string): void {
    const refusal = this.#body.line(line, this.isLenient);
    if (refusal !== undefined) {
      this.refuse(refusal);
      return;
    }
    this.comes(this.#body.left);
    if (this.#body.isWhole) this.#state = "trailer";
  }
}
