import { printable } from "../../contract/index.ts";

/** Bytes of a chunk that are used for its one line of text. */
const previewed = 512;
const named: Readonly<Record<string, string>> = { "\n": String.raw`\n`, "\r": String.raw`\r`, "\t": String.raw`\t`, "\\": String.raw`\\` };

/** A chunk on one line, as UTF-8 if it is valid, else with one character per byte. Line breaks and control characters are escaped. */
export function preview(data: Uint8Array, columns: number): string {
  const head = Buffer.from(data.buffer, data.byteOffset, Math.min(data.length, previewed));
  const text = isText(head, data.length > head.length) ? head.toString("utf8") : head.toString("latin1");
  let shown = "";
  for (const character of text) {
    const next = named[character] ?? printable(character);
    if (shown.length + next.length > columns - 1) return `${shown}…`;
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

const width = 16;
const mostLines = 16;

/**
 * A chunk as a dump with 16 bytes per line: offset, hex, text. Of a long chunk the first 256 bytes, and the number of the others. @param size bytes
 * of the whole chunk
 */
export function hexLines(data: Uint8Array, size: number): string[] {
  const lines = Array.from({ length: Math.min(mostLines, Math.ceil(data.length / width)) }, (_, line) => {
    const bytes = data.subarray(line * width, (line + 1) * width);
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"));
    const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·")).join("");
    const halves = `${hex.slice(0, 8).join(" ")}  ${hex.slice(8).join(" ")}`;
    return `${(line * width).toString(16).padStart(4, "0")}  ${halves.padEnd(48)}  ${text}`;
  });
  const more = size - Math.min(data.length, mostLines * width);
  return more > 0 ? [...lines, `… ${more} more bytes`] : lines;
}
