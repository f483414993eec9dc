/** A place in a file; line and column count from 1. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `file:line:column`, which terminals and editors turn into a link. */
export function placeText({ file, line, column }: SourcePlace): string {
  return `${file}:${line}:${column}`;
}

const around = 2;
const widest = 160;

/** The lines around a place, with a caret under it. Empty when the source has no such line. */
export function codeFrame(source: string, line: number, column: number): string {
  const lines = source.split(/\r?\n/);
  if (line < 1 || line > lines.length) return "";
  const first = Math.max(1, line - around);
  const gutter = String(Math.min(lines.length, line + around)).length;
  return lines
    .slice(first - 1, line + around)
    .flatMap((text, index) => {
      const number = first + index;
      const shownText = text.length > widest ? `${text.slice(0, widest)}…` : text;
      const row = `${number === line ? ">" : " "} ${String(number).padStart(gutter)} | ${shownText}`.trimEnd();
      if (number !== line) return [row];
      // Tabs stay tabs, so that the caret is in the right column at any tab width.
      const indent = text.slice(0, Math.min(column, widest) - 1).replace(/[^\t]/g, " ");
      return [row, `  ${" ".repeat(gutter)} | ${indent}^`];
    })
    .join("\n");
}
