import { readFileSync, statSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { codeFrame, placeText, type SourcePlace } from "../../config/explain/code-frame.ts";
import { SluiceError } from "../../contract/index.ts";
import { framesOf, ownerOf } from "./whose-code.ts";

/** What is larger was made by a machine, and nobody looks at its lines. */
const LARGEST = 2 * 1024 ** 2;

/**
 * The place in the author's own source that an error came from, `file:line:column`: the innermost frame that is neither the core's nor a
 * package's; without one, the package's. A SluiceError of a package has none: it is a refusal in words of its own, and what is to be changed is
 * not in that package (an error of a certificate names the file, and the option of the config).
 *
 * @param definedAt made where the plugin was defined: where it stands is the next best, when a stack has no frame of it
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

/** Notes the place of a fault in it, where it has none. A plugin may throw an error of its own, of another copy of the package even. */
export function locateFault(error: SluiceError, definedAt: Error | undefined): void {
  const where = error.where === undefined ? placeOfAuthor(error.cause ?? error, definedAt) : undefined;
  if (where !== undefined && error instanceof SluiceError && !Object.isFrozen(error)) error.locate(where);
}

/** The lines around a place, when it is `file:line:column` and the file can be read. */
export function excerptAt(where: string | undefined): string | undefined {
  const [, file, line, column] = /^(.+):(\d+):(\d+)$/.exec(where ?? "") ?? [];
  const source = file === undefined ? undefined : readSource(file);
  const excerpt = source === undefined ? "" : codeFrame(source, Number(line), Number(column));
  return excerpt === "" ? undefined : excerpt;
}

/** Back to the source of what a program compiled: Node does it by itself only with --enable-source-maps. */
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
    // No map, or not one that can be read: the compiled place is right too.
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
