import { textWidth } from "../output/text-width.ts";

// A colour code, or the text up to the next one.
// oxlint-disable-next-line no-control-regex -- colours begin with ESC
const pieces = /\u001b\[[\d;]*m|[^\u001b]+|\u001b/g;
const characters = new Intl.Segmenter();

/** Cuts a line to a number of columns. A cut line ends with `…`, and its colours are reset. */
export function fit(line: string, columns: number): string {
  if (textWidth(line) <= columns) return line;
  let [kept, width, isPainted] = ["", 0, false];
  for (const [piece] of line.matchAll(pieces)) {
    if (piece.startsWith("\u001b")) {
      kept += piece;
      isPainted = true;
      continue;
    }
    for (const { segment } of characters.segment(piece)) {
      width += textWidth(segment);
      if (width > columns - 1) return `${kept}…${isPainted ? "\u001b[0m" : ""}`;
      kept += segment;
    }
  }
  return kept;
}
