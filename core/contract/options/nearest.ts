/** Number of edits that turn `a` into `b`: insert, delete or replace one character, or swap two neighbours. */
export function distance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY;
  for (let row = 1; row <= a.length; row += 1) {
    rows.push([row]);
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1];
      const swapped = row > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const edits = Math.min(at(row - 1, column - 1) + (same ? 0 : 1), at(row - 1, column) + 1, at(row, column - 1) + 1);
      rows[row]?.push(swapped ? Math.min(edits, at(row - 2, column - 2) + 1) : edits);
    }
  }
  return at(a.length, b.length);
}

/** The known word that was probably meant, for "did you mean"; undefined when none is near. Upper and lower case count as equal. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  // A text longer than any option is not a misspelling, and the table grows with the square of its length.
  if (word.length > 64) return undefined;
  const ranked = known
    .map((each) => ({ each, edits: distance(word.toLowerCase(), each.toLowerCase()) }))
    .toSorted((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(1, Math.floor(Math.max(word.length, best.each.length) / 3)) ? best.each : undefined;
}

/** `, did you mean "…"?` or nothing. */
export function didYouMean(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  return meant === undefined ? "" : `, did you mean "${meant}"?`;
}
