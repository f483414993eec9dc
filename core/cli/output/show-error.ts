import { asSluiceError, type SluiceError } from "../../contract/errors/errors.ts";
import { printable, printableLines } from "../../contract/errors/printable.ts";
import { excerptAt } from "../../runtime/log/author-place.ts";
import type { Terminal } from "./terminal.ts";

/** An error in the form for programs. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly where?: string;
  readonly frame?: string;
}

/** The report of any thrown value; a value that is not a SluiceError is a bug of Sluice. */
export function errorReport(thrown: unknown): ErrorReport {
  const error = asSluiceError(thrown);
  const { code, message, where, frame } = error;
  return { code, message, ...(where === undefined ? {} : { where }), ...(frame === undefined ? {} : { frame }) };
}

/** Shows any thrown value to people: its message, and the excerpt of the source when there is one. */
export function showError(thrown: unknown, terminal: Terminal): void {
  const { colors } = terminal;
  const error = asSluiceError(thrown);
  terminal.line(`${colors.red("error:")} ${printableLines(error.message)}`);
  showExcerpt(error, terminal);
}

/** Shows the lines below the message of an error: the excerpt of the source when there is one. */
export function showExcerpt({ code, frame, where, cause }: SluiceError, terminal: Terminal): void {
  const excerpt = frame ?? excerptAt(where);
  if (excerpt !== undefined && excerpt !== "") terminal.line(`\n${printableLines(excerpt)}`);
  // The stack is needed to find a bug.
  if (code === "SLUICE_INTERNAL" && cause instanceof Error) terminal.line(terminal.colors.dim(printableLines(cause.stack ?? "")));
}

/** A message on one line, for `refused: …`, which is one line per reload. */
export function onOneLine(message: string): string {
  return printable(message.replaceAll(/\s*\n\s*/g, "; "));
}
