import { isUtf8 } from "node:buffer";

/** Bytes of each side in one row. */
const PER_ROW = 16;
/** The most rows that are shown: the beginning and the end. */
const ROWS = 16;

/** Bytes in hex and text for a message, with 16 bytes per row. Of many, only the first and the last rows. */
export function shownBytes(bytes: Buffer): string {
  if (bytes.length === 0) return "  (nothing)";
  const rows = Array.from({ length: Math.ceil(bytes.length / PER_ROW) }, (_, at) => at * PER_ROW);
  const text = (offset: number): string => `  ${row(offset, bytes.subarray(offset, offset + PER_ROW))}`;
  if (rows.length <= ROWS) return rows.map(text).join("\n");
  const left = rows.length - ROWS;
  return [...rows.slice(0, ROWS / 2).map(text), `  … ${left} rows more …`, ...rows.slice(-ROWS / 2).map(text)].join("\n");
}

/** So many bytes are longer than a title, whatever characters they are. */
const TITLE_BYTES = 256;

/** Bytes on one line, for a title: as text if they are text, else as hex; cut when they are long. */
export function shortBytes(bytes: Buffer): string {
  const isText = isUtf8(bytes);
  const first = bytes.subarray(0, TITLE_BYTES);
  const whole = isText ? JSON.stringify(first.toString("utf8")) : first.toString("hex").replaceAll(/(..)(?=.)/g, "$1 ");
  return whole.length <= 60 ? whole : `${whole.slice(0, 56)}…${isText ? '"' : ""} (${bytes.length} bytes)`;
}

function row(offset: number, bytes: Buffer): string {
  return `${offset.toString(16).padStart(6, "0")}  ${cells(bytes, PER_ROW)}`;
}

/** Hex and text of some bytes, padded to the width of a number of bytes. */
export function cells(bytes: Buffer, width: number): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  const text = bytes.toString("latin1").replaceAll(/[^\u0020-\u007e]/g, ".");
  return `${hex.padEnd(width * 3 - 1)}  ${text.padEnd(width)}`;
}
