import { SourceMap, type SourceMapPayload } from "node:module";
import { stripVTControlCharacters } from "node:util";
import { SluiceError } from "../../contract/index.ts";
import { codeFrame, placeText } from "./code-frame.ts";
import { jsonFault } from "./json-fault.ts";
import { placeAbove } from "./stack-place.ts";

interface Spot {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

const tabWidth = 4;

/** Turns a column of swc's drawing into a column of the text: swc draws tabs as blanks up to the next multiple of four. */
function textColumn(text: string, drawn: number): number {
  let width = 0;
  for (const [index, character] of Array.from(text).entries()) {
    if (width >= drawn) return index + 1;
    width += character === "\t" ? tabWidth - (width % tabWidth) : 1;
  }
  return Array.from(text).length + 1;
}

/** Reads line, column and reason from swc's message, which is a drawing: there are no fields for them. */
function readSwcMessage(message: string, source: string): Spot {
  const rows = stripVTControlCharacters(message).split("\n");
  const [head = ""] = rows;
  const reason = /^\s*[x×]\s+(.*)$/.exec(head)?.[1] ?? head.trim();
  return { ...(underlined(rows, source) ?? spanned(rows, message) ?? endOf(source)), reason };
}

/** The first underlined place, in the row below its line: the drawing's header has only the line where the drawing begins. */
function underlined(rows: readonly string[], source: string): Omit<Spot, "reason"> | undefined {
  const lines = source.split(/\r?\n/);
  for (const [index, row] of rows.entries()) {
    const marks = /^\s*[:·] ( *)[\^─┬]/.exec(row)?.[1];
    const line = /^\s*(\d+) [|│]/.exec(rows[index - 1] ?? "")?.[1];
    if (marks !== undefined && line !== undefined)
      return { line: Number(line), column: textColumn(lines[Number(line) - 1] ?? "", marks.length) };
  }
  return undefined;
}

/** The beginning of several lines, or of a message without a drawing. */
function spanned(rows: readonly string[], message: string): Omit<Spot, "reason"> | undefined {
  const [, line = "1", column = "1"] = /:(\d+):(\d+)\]/.exec(message) ?? [];
  const isDrawn = rows.some((row) => /^\s*\d+ [|│]/.test(row));
  return isDrawn && !rows.some((row) => /,->|╭─▶/.test(row)) ? undefined : { line: Number(line), column: Number(column) };
}

/** Where a file ends too early: swc draws its last lines and underlines nothing. */
function endOf(source: string): Omit<Spot, "reason"> {
  const lines = source.trimEnd().split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}

/** The error for a file that swc cannot parse. */
export function swcSyntaxError(file: string, source: string, thrown: unknown): SluiceError {
  const { line, column, reason } = readSwcMessage(thrown instanceof Error ? thrown.message : String(thrown), source);
  return syntaxError({ file, source, line, column, reason }, thrown);
}

/** The error for a JSON file that cannot be parsed. */
export function jsonSyntaxError(file: string, source: string, thrown: Error): SluiceError {
  const position = Number(/at position (\d+)/.exec(thrown.message)?.[1] ?? jsonFault(source));
  const before = source.slice(0, position).split("\n");
  const column = (before.at(-1) ?? "").length + 1;
  // V8 quotes the text around, with its line breaks, and gives the position: both are in the code frame.
  const reason = thrown.message.replace(/ in JSON at position.*$|, (?:\.{3})?".*"(?:\.{3})? is not valid JSON$/s, "");
  return syntaxError(
    { file, source, line: before.length, column, reason: reason.endsWith("JSON input") ? reason : `${reason} in JSON` },
    thrown,
  );
}

/** The error for code that swc accepts and ECMAScript does not: a name declared twice. `map` leads from the parsed code to the source. */
export function treeSyntaxError(file: string, source: string, map: string, thrown: SyntaxError): SluiceError {
  const { line, column } = (thrown as { loc?: { line: number; column: number } }).loc ?? { line: 1, column: 0 };
  const spot = originalPlace(map, { line, column }) ?? { line, column: column + 1 };
  return syntaxError({ file, source, ...spot, reason: thrown.message.replace(/ \(\d+:\d+\)$/, "") }, thrown);
}

/** The error for code that only V8 refuses; undefined when `thrown` is not V8's refusal of this file. */
export function engineSyntaxError(file: string, source: string, code: string, thrown: unknown): SluiceError | undefined {
  if (!(thrown instanceof SyntaxError)) return undefined;
  const found = placeAbove(thrown.stack);
  if (found?.file !== file) return undefined;
  const { line, column } = found;
  const spot = original(code, line, column) ?? { line, column };
  return syntaxError({ file, source, ...spot, reason: thrown.message }, thrown);
}

/** Maps a place in compiled code back to the source, with the map at the end of the code. */
function original(code: string, line: number, column: number): { line: number; column: number } | undefined {
  const encoded = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,(\S+)\s*$/.exec(code)?.[1];
  if (encoded === undefined) return undefined;
  return originalPlace(Buffer.from(encoded, "base64").toString(), { line, column: column - 1 });
}

/** Maps a place, with a column from 0 as in syntax trees, back to the source, with a column from 1. Undefined without a map. */
export function originalPlace(
  map: string,
  { line, column }: { line: number; column: number },
): { line: number; column: number } | undefined {
  if (map === "") return undefined;
  const entry = new SourceMap(JSON.parse(map) as SourceMapPayload).findEntry(line - 1, column);
  return "originalLine" in entry ? { line: entry.originalLine + 1, column: entry.originalColumn + 1 } : undefined;
}

function syntaxError(spot: Spot & { readonly file: string; readonly source: string }, cause: unknown): SluiceError {
  const { file, source, line, column, reason } = spot;
  return new SluiceError("SLUICE_CONFIG_SYNTAX", reason, {
    where: placeText(spot),
    frame: codeFrame(source, line, column),
    cause: withoutBacktrace(cause, file),
  });
}

/** swc's errors have a native backtrace of a dozen lines that helps nobody. */
function withoutBacktrace(cause: unknown, file: string): unknown {
  return cause instanceof SyntaxError ? cause : new SyntaxError(`swc could not parse ${file}`);
}
