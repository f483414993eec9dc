import { readFileSync, statSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { codeFrame, placeText, type SourcePlace } from "../../config/explain/code-frame.ts";
import { SluiceError } from "../../contract/errors/errors.ts";
import { framesOf, ownerOf } from "./whose-code.ts";

/** Bytes of a source file at most: a larger one was made by a tool, and its lines help nobody. */
const LARGEST = 2 * 1024 ** 2;

/**
 * The place in the author's own source where an error came from, `file:line:column`: the innermost frame that is neither in the core nor in a
 * package. Without such a frame, the innermost one in a package. A SluiceError of a package has no place: its message already says what to change,
 * which is not in that package (an error about a certificate names the file and the option of the config).
 *
 * @param definedAt an error that was made where the plugin was defined: its place is used if the stack has no frame of the author
 */
export function placeOfAuthor(thrown: unknown, definedAt?: Error): string | undefined {
  const frames = framesOf(thrown).map((place) => ({ place, owner: ownerOf(place.file) }));
  const defined = definedAt === undefined ? [] : framesOf(definedAt).map((place) => ({ place, owner: ownerOf(place.file) }));
  const found =
    frames.find(({ owner }) => owner === "author") ??
    (SluiceError.is(thrown) ? undefined : frames.find(({ owner }) => owner === "package")) ??
    defined.find(({ owner }) => owner === "author" || owner === "package");
  return found === undefined ? undefined : placeText(mapped(found.place));
}

/** Adds its place to a fault that has none. The error may be a plugin's own, even one of another copy of the package. */
export function locateFault(error: SluiceError, definedAt: Error | undefined): void {
  const where = error.where === undefined ? placeOfAuthor(error.cause ?? error, definedAt) : undefined;
  if (where !== undefined && error instanceof SluiceError && !Object.isFrozen(error)) error.locate(where);
}

/** The lines around a place, if it is `file:line:column` and the file can be read. */
export function excerptAt(where: string | undefined): string | undefined {
  const [, file, line, column] = /^(.+):(\d+):(\d+)$/.exec(where ?? "") ?? [];
  const source = file === undefined ? undefined : readSource(file);
  const excerpt = source === undefined ? "" : codeFrame(source, Number(line), Number(column));
  return excerpt === "" ? undefined : excerpt;
}

/** Maps a place in compiled code to its source. Node does that only with --enable-source-maps. */
function mapped(place: SourcePlace): SourcePlace {
  const source = /\.[cm]?js$/.test(place.file) ? readSource(place.file) : undefined;
  const url = source === undefined ? undefined : /^\/\/# sourceMappingURL=(\S+)\s*$/m.exec(source.slice(-LARGEST))?.[1];
  if (url === undefined) return place;
  try {
    const payload = JSON.parse(mapText(url, place.file)) as SourceMapPayload;
    const entry = new SourceMap(payload).findEntry(place.line - 1, place.column - 1);
    if (!("originalSource" in entry)) return place;
    const file = entry.originalSource.startsWith("file:") ? fileURLToPath(entry.originalSource) : entry.originalSource;
    const folder = path.resolve(path.dirname(place.file), payload.sourceRoot ?? "");
    return { file: path.resolve(folder, file), line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  } catch {
    // Without a readable source map the compiled place is right too.
    return place;
  }
}

function mapText(url: string, file: string): string {
  const inline = /^data:[^,]*;base64,(.*)$/.exec(url)?.[1];
  return inline === undefined
    ? readFileSync(path.resolve(path.dirname(file), decodeURIComponent(url)), "utf8")
    : Buffer.from(inline, "base64").toString("utf8");
}

function readSource(file: string): string | undefined {
  try {
    const stats = statSync(file);
    return stats.isFile() && stats.size <= LARGEST ? readFileSync(file, "utf8") : undefined;
  } catch {
    return undefined;
  }
}
