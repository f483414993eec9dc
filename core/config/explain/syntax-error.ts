import { SourceMap, type SourceMapPayload } from "node:module";
import { stripVTControlCharacters } from "node:util";
import { SluiceError } from "../../contract/index.ts";
import { codeFrame, placeText } from "./code-frame.ts";

interface Spot {
  readonly line: number;
  readonly column: number;
  readonly reason: string;
}

const tabWidth = 4;

/** swc draws tabs as blanks up to the next multiple of four: turns a drawn column back into one of the text. */
function textColumn(text: string, drawn: number): number {
  let width = 0;
  for (const [index, character] of Array.from(text).entries()) {
    if (width >= drawn) return index + 1;
    width += character === "\t" ? tabWidth - (width % tabWidth) : 1;
  }
  return Array.from(text).length + 1;
}

/** Reads line, column and reason out of the drawing that is swc's message: it has no fields for them. */
function readSwcMessage(message: string, source: string): Spot {
  const rows = stripVTControlCharacters(message).split("\n");
  const [head = ""] = rows;
  const reason = /^\s*[x×]\s+(.*)$/.exec(head)?.[1] ?? head.trim();
  return { ...(underlined(rows, source) ?? headed(message)), reason };
}

/** The first place that is underlined, in the row below its line: the drawing's header has the line of the drawing only. */
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

function headed(message: string): Omit<Spot, "reason"> {
  const [, line = "1", column = "1"] = /:(\d+):(\d+)\]/.exec(message) ?? [];
  return { line: Number(line), column: Number(column) };
}

/** The error for a file that swc cannot parse. */
export function swcSyntaxError(file: string, source: string, thrown: unknown): SluiceError {
  const { line, column, reason } = readSwcMessage(thrown instanceof Error ? thrown.message : String(thrown), source);
  return syntaxError({ file, source, line, column, reason }, thrown);
}

/** The error for a JSON file that cannot be parsed. */
export function jsonSyntaxError(file: string, source: string, thrown: Error): SluiceError {
  const position = Number(/at position (\d+)/.exec(thrown.message)?.[1] ?? source.length);
  const before = source.slice(0, position).split("\n");
  const column = (before.at(-1) ?? "").length + 1;
  return syntaxError({ file, source, line: before.length, column, reason: thrown.message }, thrown);
}

/** The error for what swc lets pass and ECMAScript does not: a name declared twice. `map` leads from the code that was parsed to the source. */
export function treeSyntaxError(file: string, source: string, map: string, thrown: SyntaxError): SluiceError {
  const { line, column } = (thrown as { loc?: { line: number; column: number } }).loc ?? { line: 1, column: 0 };
  const spot = originalPlace(map, { line, column }) ?? { line, column: column + 1 };
  return syntaxError({ file, source, ...spot, reason: thrown.message.replace(/ \(\d+:\d+\)$/, "") }, thrown);
}

/** The error for what only V8 refuses: undefined when the thrown thing is not V8 refusing this very file. */
export function engineSyntaxError(file: string, source: string, code: string, thrown: unknown): SluiceError | undefined {
  if (!(thrown instanceof SyntaxError) || thrown.stack === undefined) return undefined;
  const head = thrown.stack.split("\n", 3);
  if (head[0]?.startsWith(`${file}:`) !== true || !/^\s*\^/.test(head[2] ?? "")) return undefined;
  const line = Number(head[0].slice(file.length + 1));
  const column = (head[2] ?? "").indexOf("^") + 1;
  const spot = original(code, line, column) ?? { line, column };
  return syntaxError({ file, source, ...spot, reason: thrown.message }, thrown);
}

/** Maps a place in compiled code back, with the map at its end. */
function original(code: string, line: number, column: number): { line: number; column: number } | undefined {
  const encoded = /\/\/# sourceMappingURL=data:application\/json;[^,]*base64,(\S+)\s*$/.exec(code)?.[1];
  if (encoded === undefined) return undefined;
  return originalPlace(Buffer.from(encoded, "base64").toString(), { line, column: column - 1 });
}

/** Maps a place, its column from 0 as trees have it, back to the source; the column then counts from 1. Undefined without a map. */
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

/** swc's errors carry a native backtrace of a dozen lines that helps nobody. */
function withoutBacktrace(cause: unknown, file: string): unknown {
  return cause instanceof SyntaxError ? cause : new SyntaxError(`swc could not parse ${file}`);
}
