import { printable } from "../../contract/index.ts";
import { textWidth } from "../output/text-width.ts";

/** Bytes of a chunk that are used for its one line of text. */
const previewed = 512;
/** What people see as one character may be several code points. */
const characters = new Intl.Segmenter();
const named: Readonly<Record<string, string>> = { "\n": String.raw`\n`, "\r": String.raw`\r`, "\t": String.raw`\t`, "\\": String.raw`\\` };

/** A chunk on one line, as UTF-8 if it is valid, else with one character per byte. Line breaks and control characters are escaped. */
export function preview(data: Uint8Array, columns: number): string {
  const head = Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, previewed));
  const text = isText(head, data.length > head.length) ? head.toString("utf8") : head.toString("latin1");
  let [shown, width] = ["", 0];
  for (const { segment } of characters.segment(text)) {
    const next = Array.from(segment, (character) => named[character] ?? printable(character)).join("");
    width += textWidth(next);
    if (width > columns - 1) return `${shown}…`;
    shown += next;
  }
  return data.length > head.length ? `${shown}…` : shown;
}

/** Whether bytes are UTF-8. @param isCut whether the last character may be incomplete */
function isText(bytes: Buffer, isCut: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: isCut });
    return true;
  } catch {
    return false;
  }
}

const WIDTH = 16;
const MOST = 256;

/** Columns of a line of a dump: offset, hex, text. */
const columnsOf = (bytes: number): number => 4 + 2 + 3 * bytes + 2 + bytes;

/** The bytes in a line of a dump that fits into a terminal. */
function bytesInLine(columns: number): number {
  return columns < columnsOf(WIDTH) ? WIDTH / 2 : WIDTH;
}

/** The columns before a dump: `wanted`, where there is room. */
export function beforeDump(wanted: number, columns: number): number {
  return Math.max(0, Math.min(wanted, columns - columnsOf(bytesInLine(columns))));
}

/**
 * A chunk as a dump: offset, hex, text, with 16 bytes per line, or with 8 where there is not room for 16. Of a long chunk the first 256 bytes, and the
 * number of the others.
 *
 * @param size bytes of the whole chunk
 */
export function hexLines(data: Uint8Array, size: number, columns = columnsOf(WIDTH)): string[] {
  const width = bytesInLine(columns);
  const lines = Array.from({ length: Math.ceil(Math.min(MOST, data.length) / width) }, (_, line) => {
    const bytes = data.subarray(line * width, Math.min(MOST, (line + 1) * width));
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
    const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    const halves = `${hex.slice(0, 8).join(" ")}  ${hex.slice(8).join(" ")}`.trimEnd();
    return `${(line * width).toString(16).padStart(4, "0")}  ${halves.padEnd(3 * width)}  ${text}`;
  });
  const more = size - Math.min(data.length, MOST);
  return more > 0 ? [...lines, `… ${more} more bytes`] : lines;
}
