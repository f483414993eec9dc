import { decimal } from "../message/message-head.ts";
import { isPassedOn, isWebSocket } from "../message/upgrade-protocol.ts";
import type { BodyFraming } from "../message/body-length.ts";
import { MessageParser } from "./message-parser.ts";

/** A request line. The target is checked later: here it may have all characters except spaces, and octets that are not ASCII. */
const requestLine = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~\u0080-\u00ff]+) HTTP\/1\.([01])$/;
/** The beginning of a request line. Each space can match in one way only, so that a wrong line does not take longer than a right one. */
const beginning = /^[!-~]*(?: [!-~\u0080-\u00ff]*(?: [!-~]*)?)?\r?$/;

/** Reads requests. A request is accepted only if all parsers see the same end of it. */
export class RequestParser extends MessageParser {
  method = "";
  target = "";
  minor = 1;
  /** The protocol or protocols to which it asks to change: the bytes after it may not be HTTP. */
  upgrade: string | undefined = undefined;
  /** Whether no other request follows on the connection. */
  isLast = false;
  #length: number | undefined;
  #chunked = false;
  #hosts = 0;
  #upgrades: string[] | undefined;
  #upgradeToken = false;

  protected override first(line: string): void {
    const match = requestLine.exec(line);
    if (match === null) {
      this.refuse("the request line is malformed");
      return;
    }
    this.method = match[1] ?? "";
    this.target = match[2] ?? "";
    this.minor = match[3] === "1" ? 1 : 0;
    this.upgrade = undefined;
    this.isLast = this.minor === 0;
    this.#length = undefined;
    this.#chunked = false;
    this.#hosts = 0;
    this.#upgrades = undefined;
    this.#upgradeToken = false;
    if (this.method === "CONNECT") this.refuse("CONNECT is not served", 405);
  }

  protected override mayBegin(partial: string): boolean {
    return beginning.test(partial);
  }

  protected override field(name: string, value: string): void {
    if (name === "host") this.#hosts += 1;
    else if (name === "connection") this.#connection(value.toLowerCase());
    else if (name === "content-length") this.#contentLength(value);
    else if (name === "transfer-encoding") this.#transferEncoding(value);
    else if (name === "upgrade") (this.#upgrades ??= []).push(...value.split(","));
  }

  protected override headed(): BodyFraming {
    const length = this.#length ?? 0;
    if (this.#chunked && this.#length !== undefined) this.refuse("both content-length and transfer-encoding were sent");
    else if (this.#hosts > 1 || this.#hosts < this.minor) this.refuse("a request must have exactly one Host field");
    else this.#settleUpgrade(this.#chunked || length > 0);
    this.comes(length);
    return this.#chunked ? "chunked" : length;
  }

  #connection(value: string): void {
    for (const each of value.split(",")) {
      const option = each.trim();
      if (option === "upgrade") this.#upgradeToken = true;
      else if (option === "close") this.isLast = true;
      else if (option === "keep-alive" && this.minor === 0) this.isLast = false;
    }
  }

  #contentLength(value: string): void {
    if (this.#length !== undefined) this.refuse("content-length was sent twice");
    else if (!decimal.test(value)) this.refuse("content-length is not a number");
    else this.#length = Number(value);
  }

  #transferEncoding(value: string): void {
    if (this.#chunked) this.refuse("transfer-encoding was sent twice");
    else if (value.toLowerCase() !== "chunked") this.refuse("a transfer-encoding other than chunked is not served");
    else if (this.minor === 0) this.refuse("HTTP/1.0 has no transfer-encoding");
    else this.#chunked = true;
  }

  #settleUpgrade(hasBody: boolean): void {
    if (!this.#upgradeToken || this.#upgrades === undefined || this.minor === 0) return;
    this.upgrade = this.#asked(this.#upgrades);
    if (hasBody && isWebSocket(this.upgrade)) this.refuse("a request for a WebSocket must not have a body");
  }

  /** The requested protocols that are passed on. */
  #asked(upgrades: readonly string[]): string | undefined {
    const passed = upgrades.map((each) => each.trim()).filter((each) => isPassedOn(each) && (this.method === "GET" || !isWebSocket(each)));
    return passed.length === 0 ? undefined : passed.join(", ");
  }
}
