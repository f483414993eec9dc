import { stripVTControlCharacters } from "node:util";

// A colour code, or one visible character.
// oxlint-disable-next-line no-control-regex -- colours begin with ESC
const pieces = /\u001b\[[\d;]*m|[\s\S]/gu;

/** Cuts a line to a number of columns. A cut line ends with `…`, and its colours are reset. */
export function fit(line: string, columns: number): string {
  const seen = stripVTControlCharacters(line);
  if (seen.length <= columns) return line;
  let [kept, width] = ["", 0];
  for (const [piece] of line.matchAll(pieces)) {
    const isColour = piece.length > 1 && piece.startsWith("\u001b");
    if (!isColour && width >= columns - 1) break;
    kept += piece;
    width += isColour ? 0 : 1;
  }
  return `${kept}…${line === seen ? "" : "\u001b[0m"}`;
}
