import path from "node:path";
import { inspect } from "node:util";
import { SluiceError } from "../contract/index.ts";
import { codeFrame, placeText, type Place } from "./code-frame.ts";
import { placeInStack } from "./stack-place.ts";

/** The sources of one load, by file. */
export type Sources = ReadonlyMap<string, { readonly source: string }>;

function hint(message: string): string {
  if (message.startsWith("Cannot access")) {
    return ". Two decorated classes that name each other in constructor types cannot load: import one with `import type` and inject it by a token";
  }
  const [, name] = /^\(0 , _?\w*\.(\w+)\) is not a (?:function|constructor)/.exec(message) ?? [];
  return name === undefined ? "" : `. Is ${name} exported by the module it is imported from?`;
}

/** Wraps what a config threw while it was evaluated; an error that already says where passes. */
export function loadError(thrown: unknown, entry: string, sources: Sources): SluiceError {
  if (SluiceError.is(thrown) && thrown.where !== undefined && path.isAbsolute(thrown.where)) return framed(thrown, sources);
  const place = placeInStack(stackOf(thrown), (file) => sources.has(file));
  const where = place === undefined ? entry : placeText(place);
  return new SluiceError("SLUICE_CONFIG_THREW", `threw ${described(thrown)}`, { where, ...frameAt(place, sources), cause: thrown });
}

function described(thrown: unknown): string {
  if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}${hint(thrown.message)}`;
  return inspect(thrown, { depth: 1, breakLength: Infinity });
}

function stackOf(thrown: unknown): string | undefined {
  const stack = typeof thrown === "object" && thrown !== null && "stack" in thrown ? thrown.stack : undefined;
  return typeof stack === "string" ? stack : undefined;
}

function frameAt(place: Place | undefined, sources: Sources): { frame?: string } {
  const source = place === undefined ? undefined : sources.get(place.file)?.source;
  return place === undefined || source === undefined ? {} : { frame: codeFrame(source, place.line, place.column) };
}

/** Adds the code frame to an error that has a place only. */
function framed(error: SluiceError, sources: Sources): SluiceError {
  if (error.frame !== undefined || error.where === undefined) return error;
  const [, file = "", line, column] = /^(.+):(\d+):(\d+)$/.exec(error.where) ?? [];
  const { frame } = frameAt({ file, line: Number(line), column: Number(column) }, sources);
  if (frame === undefined) return error;
  // `frame` is set once, by whoever knows the source.
  return Object.assign(error, { frame });
}
