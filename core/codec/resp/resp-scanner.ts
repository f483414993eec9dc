import { noFrame, tooLong } from "../framing/frame-error.ts";
import type { FrameScanner } from "../framing/framing.ts";

const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** Most bytes of an inline command: Redis takes no longer ones (PROTO_INLINE_MAX_SIZE). */
const MAX_INLINE = 64 * 1024;

/** `+ - : _ , # (`: the line is the whole value. */
const lineTypes = new Set(Buffer.from("+-:_,#("));
/** `$ ! =`: the line has a length; that many bytes and a line end follow. */
const bulkTypes = new Set(Buffer.from("$!="));
/** `* ~ > % |`: the line has a count; this many values follow for each counted entry. */
const valuesPer: Readonly<Record<number, number>> = Object.fromEntries(
  Array.from("*~>%|", (type) => [type.charCodeAt(0), type === "%" || type === "|" ? 2 : 1]),
);

/** Whether a value begins with this byte; anything else begins an inline command. */
export function isRespType(byte: number): boolean {
  return lineTypes.has(byte) || bulkTypes.has(byte) || byte in valuesPer;
}

/** The number in a header; -1 is allowed. @throws SLUICE_PLUGIN_FRAME */
export function countIn(bytes: Buffer, start: number, end: number): number {
  const text = bytes.toString("latin1", start, end);
  if (!/^(?:\d{1,15}|-1)$/.test(text)) throw noFrame("RESP: a length that is no number", bytes.subarray(start, end));
  return Number(text);
}

/** Finds where a value ends, with everything in it: nested values are only counted, so that each byte is looked at once. */
export class RespScanner implements FrameScanner {
  /** The offset of the next header from the value's beginning. */
  #at = 0;
  /** Number of bytes from there on that contain no line end. */
  #searched = 0;
  /** Values that are still to come. */
  #left = 1;

  constructor(private readonly max: number) {}

  end(bytes: Buffer, start: number): number | undefined {
    while (this.#left > 0) {
      const head = start + this.#at;
      if (head >= bytes.length) return undefined;
      const newline = bytes.indexOf(NEWLINE, head + this.#searched);
      this.#checkLine(bytes, head, newline === -1 ? bytes.length : newline);
      if (newline === -1) {
        this.#searched = bytes.length - head;
        return undefined;
      }
      this.#searched = 0;
      this.#take(bytes, head, newline);
      // Each value that is still to come has at least three bytes.
      if (this.#at + 3 * this.#left > this.max) throw tooLong("RESP: a value", this.max);
    }
    const end = start + this.#at;
    if (end > bytes.length) return undefined;
    this.#at = 0;
    this.#left = 1;
    return end;
  }

  #checkLine(bytes: Buffer, head: number, end: number): void {
    const isInline = this.#at === 0 && !isRespType(bytes[head] ?? 0);
    const max = isInline ? Math.min(MAX_INLINE, this.max) : this.max;
    if (end - head > max) throw tooLong(isInline ? "RESP: an inline command" : "RESP: a value", max);
    if (isInline && isBinary(bytes[head] ?? 0)) throw noFrame("RESP: neither a value nor an inline command", bytes.subarray(head, end));
  }

  #take(bytes: Buffer, head: number, newline: number): void {
    const type = bytes[head] ?? 0;
    const behind = newline + 1 - head;
    this.#left -= 1;
    this.#at += behind;
    if (!isRespType(type)) {
      if (this.#at === behind) return;
      throw noFrame("RESP: no value", bytes.subarray(head, newline));
    }
    if (bytes[newline - 1] !== RETURN) throw noFrame("RESP: a line that does not end in CR LF", bytes.subarray(head, newline));
    if (lineTypes.has(type)) return;
    const count = Math.max(0, countIn(bytes, head + 1, newline - 1));
    if (bulkTypes.has(type)) {
      // A null bulk string has no body.
      if (bytes[head + 1] !== 0x2d) this.#at += count + 2;
    } else this.#left += count * (valuesPer[type] ?? 1) + (type === 0x7c ? 1 : 0);
  }
}

/** A control character, with which no command begins. */
function isBinary(byte: number): boolean {
  return (byte < 0x20 || byte === 0x7f) && byte !== NEWLINE && byte !== RETURN;
}
