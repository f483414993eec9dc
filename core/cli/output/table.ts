import { textWidth } from "./text-width.ts";

/** A cell: its text, and its color, which is applied after the width is computed. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** Its alignment in the column. @default "left" */
  readonly align?: "right";
}

/** Lays out rows in columns, with two spaces before each column. */
export function table(rows: readonly (readonly Cell[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => textWidth(row[column]?.text ?? ""))));
  return rows.map((row) => {
    const cells = row.map(({ text, paint = (same) => same, align }, column) => {
      const padding = " ".repeat((widths[column] ?? 0) - textWidth(text));
      if (align === "right") return padding + paint(text);
      return paint(text) + (column === row.length - 1 ? "" : padding);
    });
    return `  ${cells.join("  ")}`.trimEnd();
  });
}
