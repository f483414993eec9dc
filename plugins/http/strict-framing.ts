/** Why bytes are no request that may be forwarded, and the status that says so. */
export interface Refusal {
  readonly status: 400 | 405 | 431;
  readonly detail: string;
}

/** What a connection turned out to speak. */
export type Protocol = "http/1" | "h2";

const LF = 10;
const CR = "\r";
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) HTTP\/1\.([01])$/;
// Everything but HTAB: a control character means different things to different parsers.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const control = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const chunkSize = /^([0-9a-fA-F]{1,12})(?:[\t ]*;.*)?$/;
/** The whole preface of HTTP/2 begins like this, and no other request. */
const preface = "PRI ";
const CHUNK_LINE = 4096;

/** The fields that matter here, by their length, which tells most others apart from them. */
const framingFields: ReadonlyMap<number, string> = new Map(
  ["content-length", "transfer-encoding", "host", "upgrade", "connection"].map((name) => [name.length, name]),
);

type State = "ended" | "start" | "head" | "fixed" | "chunk-size" | "chunk-data" | "chunk-end" | "trailer" | "open";

/**
 * Follows where requests begin and end in what a client sends, as strictly as RFC 9112 allows, and stops at the first byte that two
 * parsers could see differently. Node's parser comes after it, so that a request passes only where both see the same.
 *
 * It reads lines and skips bodies; nothing of a chunk is kept but the beginning of a line.
 */
export class StrictFraming {
  /** Set once, at the first bytes. */
  protocol: Protocol | undefined;
  refusal: Refusal | undefined;
  #state: State = "start";
  /** The beginning of a line, or of the connection. */
  #partial = "";
  /** Bytes of the body or of the chunk that are still to come. */
  #left = 0;
  #headBytes = 0;
  #fields = 0;
  #minor = 1;
  #method = "";
  #length: number | undefined;
  #chunked = false;
  #hosts = 0;
  /** Values of Upgrade; a WebSocket is asked for by one. */
  #upgrades: string[] = [];
  #upgradeToken = false;
  /** No other request follows on the connection. */
  #isLast = false;

  constructor(private readonly limits: { readonly header: number; readonly fields: number }) {}

  /**
   * @returns how many bytes of the chunk are in order: fewer than all when there is a refusal, and when nothing may follow the request
   * that ends there (RFC 9112 section 9.6)
   */
  check(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.refusal === undefined && this.#state !== "ended") {
      if (this.#state === "open") return chunk.length;
      const next = this.#step(chunk, at);
      if (this.refusal !== undefined) return at;
      at = next;
    }
    return at;
  }

  /** The connection speaks something else from here on. */
  open(): void {
    this.#state = "open";
  }

  /** @returns where to go on */
  #step(chunk: Buffer, at: number): number {
    if (this.#state === "fixed" || this.#state === "chunk-data") return this.#skip(chunk, at);
    const end = chunk.indexOf(LF, at);
    const piece = chunk.toString("latin1", at, end < 0 ? chunk.length : end);
    const line = this.#partial === "" ? piece : this.#partial + piece;
    if (line.length > this.#lineLimit()) this.#refuse("the header is too long", 431);
    else if (end < 0) this.#partial = line;
    else {
      this.#partial = "";
      this.#line(line);
    }
    return end < 0 ? chunk.length : end + 1;
  }

  #lineLimit(): number {
    return this.#state === "chunk-size" || this.#state === "chunk-end" ? CHUNK_LINE : this.limits.header - this.#headBytes;
  }

  #skip(chunk: Buffer, at: number): number {
    const taken = Math.min(this.#left, chunk.length - at);
    this.#left -= taken;
    if (this.#left === 0 && this.#state === "fixed") this.#ended();
    else if (this.#left === 0) this.#state = "chunk-end";
    return at + taken;
  }

  /** @param text with the CR, without the LF */
  #line(text: string): void {
    if (!text.endsWith(CR)) {
      this.#refuse("a line ends without CR");
      return;
    }
    const line = text.slice(0, -1);
    if (control.test(line)) this.#refuse("a line has a control character");
    else if (this.#state === "start") this.#first(line);
    else if (this.#state === "head" || this.#state === "trailer") this.#field(line);
    else this.#chunkLine(line);
  }

  #first(line: string): void {
    // RFC 9112 section 2.2: an empty line before a request is ignored.
    if (line === "") return;
    const match = requestLine.exec(line);
    if (match === null) {
      this.#refuse("the request line is malformed");
      return;
    }
    this.#headBytes = line.length;
    this.#fields = 0;
    this.#method = match[1] ?? "";
    this.#minor = match[3] === "1" ? 1 : 0;
    this.#length = undefined;
    this.#chunked = false;
    this.#hosts = 0;
    this.#upgrades = [];
    this.#upgradeToken = false;
    this.#isLast = this.#minor === 0;
    this.#state = "head";
    if (this.#method === "CONNECT") this.#refuse("CONNECT is not served", 405);
  }

  #field(line: string): void {
    if (line === "") {
      if (this.#state === "trailer") this.#ended();
      else this.#headEnded();
      return;
    }
    this.#headBytes += line.length + 2;
    this.#fields += 1;
    if (this.#fields > this.limits.fields) this.#refuse(`the header has more than ${this.limits.fields} fields`, 431);
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon));
    // Also refused: a folded line, which begins with a space, and a space before the colon.
    if (!token.test(name)) this.#refuse("a header field is malformed");
    else this.#framing(name, line, colon);
  }

  /** What decides where the request ends, and what it asks the connection to become. */
  #framing(name: string, line: string, colon: number): void {
    const known = framingFields.get(name.length);
    if (known === undefined || name.toLowerCase() !== known) return;
    if (this.#state === "trailer") {
      if (known !== "upgrade" && known !== "connection") this.#refuse(`${known} among the trailers`);
      return;
    }
    const value = line.slice(colon + 1).trim();
    if (known === "content-length") this.#contentLength(value);
    else if (known === "transfer-encoding") this.#transferEncoding(value);
    else this.#other(known, value);
  }

  #other(known: string, value: string): void {
    if (known === "host") this.#hosts += 1;
    else if (known === "upgrade") this.#upgrades.push(value.toLowerCase());
    else this.#connection(value.toLowerCase());
  }

  #connection(value: string): void {
    for (const each of value.split(",")) {
      const option = each.trim();
      if (option === "upgrade") this.#upgradeToken = true;
      else if (option === "close") this.#isLast = true;
      else if (option === "keep-alive" && this.#minor === 0) this.#isLast = false;
    }
  }

  #contentLength(value: string): void {
    if (this.#length !== undefined) this.#refuse("content-length was sent twice");
    else if (!/^\d{1,15}$/.test(value)) this.#refuse("content-length is no number");
    else this.#length = Number(value);
  }

  #transferEncoding(value: string): void {
    if (this.#chunked) this.#refuse("transfer-encoding was sent twice");
    else if (value.toLowerCase() !== "chunked") this.#refuse("a transfer-encoding other than chunked is not served");
    else if (this.#minor === 0) this.#refuse("HTTP/1.0 has no transfer-encoding");
    else this.#chunked = true;
  }

  #headEnded(): void {
    if (this.#chunked && this.#length !== undefined) this.#refuse("both content-length and transfer-encoding were sent");
    else if (this.#hosts > 1 || (this.#hosts === 0 && this.#minor === 1)) this.#refuse("a request has one Host");
    else if (this.#asksForWebSocket()) this.#upgraded();
    else if (this.#chunked) this.#state = "chunk-size";
    else {
      this.#left = this.#length ?? 0;
      if (this.#left > 0) this.#state = "fixed";
      else this.#ended();
    }
    this.#headBytes = 0;
    this.#fields = 0;
  }

  /** The request is whole. */
  #ended(): void {
    this.#state = this.#isLast ? "ended" : "start";
  }

  #asksForWebSocket(): boolean {
    return (
      this.#upgradeToken && this.#method === "GET" && this.#minor === 1 && this.#upgrades.length === 1 && this.#upgrades[0] === "websocket"
    );
  }

  /** What follows is WebSocket, or else the connection is closed after the answer. */
  #upgraded(): void {
    if (this.#chunked || (this.#length ?? 0) > 0) this.#refuse("an upgrade with a body is not served");
    else this.open();
  }

  #chunkLine(line: string): void {
    if (this.#state === "chunk-end") {
      if (line === "") this.#state = "chunk-size";
      else this.#refuse("a chunk is longer than its size says");
      return;
    }
    const digits = chunkSize.exec(line)?.[1];
    if (digits === undefined) this.#refuse("the size of a chunk is malformed");
    else {
      this.#left = Number.parseInt(digits, 16);
      this.#state = this.#left === 0 ? "trailer" : "chunk-data";
    }
  }

  #refuse(detail: string, status: Refusal["status"] = 400): void {
    this.refusal ??= { status, detail };
  }

  /**
   * Settles what the connection speaks. HTTP/2 with prior knowledge is known by its first four bytes.
   * @returns the bytes so far, or undefined when it takes more to tell
   */
  settle(chunk: Buffer): Buffer | undefined {
    const begun = this.#partial + chunk.toString("latin1", 0, Math.min(chunk.length, preface.length - this.#partial.length));
    if (begun.length < preface.length && preface.startsWith(begun)) {
      this.#partial = begun;
      return undefined;
    }
    const whole = this.#partial === "" ? chunk : Buffer.concat([Buffer.from(this.#partial, "latin1"), chunk]);
    this.#partial = "";
    this.protocol = begun === preface ? "h2" : "http/1";
    if (this.protocol === "h2") this.open();
    return whole;
  }
}
