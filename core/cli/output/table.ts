/** A cell: its text, and how it is painted once its width is known. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
  /** Where it stands in its column. @default "left" */
  readonly align?: "right";
}

/** Lays rows out in columns, two blanks apart and indented by as many. */
export function table(rows: readonly (readonly Cell[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.map((row) => row[column]?.text.length ?? 0)));
  return rows.map((row) => {
    const cells = row.map(({ text, paint = (same) => same, align }, column) => {
      const padding = " ".repeat((widths[column] ?? 0) - text.length);
      if (align === "right") return padding + paint(text);
      return paint(text) + (column === row.length - 1 ? "" : padding);
    });
    return `  ${cells.join("  ")}`.trimEnd();
  });
}
