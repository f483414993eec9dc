import { cells } from "./shown.ts";

/** Bytes of each side in one row. */
const PER_ROW = 8;
/** The most rows that are shown, around the first difference. */
const ROWS = 12;

/**
 * Shows two byte strings side by side, in hex and text, around their first difference. Rows that differ are marked.
 *
 * @returns undefined when they are equal
 */
export function differenceOf(expected: Buffer, got: Buffer): string | undefined {
  const at = firstDifference(expected, got);
  if (at === undefined) return undefined;
  const start = Math.max(0, Math.floor(at / PER_ROW) - 3) * PER_ROW;
  const end = Math.min(Math.max(expected.length, got.length), start + ROWS * PER_ROW);
  const rows: string[] = [];
  for (let offset = start; offset < end; offset += PER_ROW) rows.push(row(offset, expected, got));
  const width = PER_ROW * 4 + 1;
  const head = `          ${`expected, ${count(expected)}`.padEnd(width)}   got, ${count(got)}`;
  const more = Math.max(expected.length, got.length) - end;
  return [`the first difference is at byte ${at}`, head, ...rows, ...(more > 0 ? [`  … ${more} bytes more …`] : [])].join("\n");
}

function row(offset: number, expected: Buffer, got: Buffer): string {
  const [left, right] = [expected, got].map((side) => side.subarray(offset, offset + PER_ROW)) as [Buffer, Buffer];
  const mark = left.equals(right) ? " " : "!";
  return `${mark} ${offset.toString(16).padStart(6, "0")}  ${cells(left, PER_ROW)} | ${cells(right, PER_ROW)}`.trimEnd();
}

function firstDifference(expected: Buffer, got: Buffer): number | undefined {
  if (expected.equals(got)) return undefined;
  const shorter = Math.min(expected.length, got.length);
  for (let at = 0; at < shorter; at += 1) if (expected[at] !== got[at]) return at;
  return shorter;
}

const count = ({ length }: Buffer): string => `${length} ${length === 1 ? "byte" : "bytes"}`;
