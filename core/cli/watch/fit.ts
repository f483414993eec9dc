import { stripVTControlCharacters } from "node:util";

// A colour, or one character that is seen.
// oxlint-disable-next-line no-control-regex -- colours begin with ESC
const pieces = /\u001b\[[\d;]*m|[\s\S]/gu;

/** A line that is no wider than so many columns: what is cut off is a `…`, colours are ended. */
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
