import path from "node:path";
import { fileURLToPath } from "node:url";
import { fileStats } from "./file-stats.ts";
import { realPath } from "./links.ts";

/** Where an import leads: a local module (reloaded), a missing one, or a package (Node's business, never reloaded). */
export type Resolution =
  | {
      readonly kind: "local";
      /** The real file, behind every symlink: its own imports are resolved beside it, as Node does. */
      readonly file: string;
      /** What the import names. */
      readonly link: string;
    }
  | { readonly kind: "missing"; readonly candidates: readonly string[] }
  | { readonly kind: "package" };

/** One that is there, or is Node's business. */
export type Found = Exclude<Resolution, { readonly kind: "missing" }>;

const extensions = [".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json", "/index.ts", "/index.js"];

function isFile(file: string): boolean {
  return fileStats(file)?.isFile() === true;
}

function localPath(specifier: string, from: string): string | undefined {
  if (/^\.{0,2}\//.test(specifier) || specifier === "." || specifier === "..") return path.resolve(path.dirname(from), specifier);
  return specifier.startsWith("file:") ? fileURLToPath(specifier) : undefined;
}

/**
 * Resolves an import as TypeScript users write it: with `.ts`, with the `.js` that tsc would emit, or without an extension. Of `a.js`
 * and `a.ts` side by side the latter is meant: the former is then its compiled output.
 */
export function resolveModule(specifier: string, from: string): Resolution {
  // A path of Windows is none in an import anywhere, and no package's name either.
  if (/^\.{1,2}\\/.test(specifier)) return { kind: "missing", candidates: [] };
  const target = localPath(specifier, from);
  if (target === undefined) return { kind: "package" };
  const typed = target.replace(/\.([cm]?)js$/, ".$1ts");
  const candidates = [...new Set([typed, target]), ...extensions.map((extension) => target + extension)];
  const link = candidates.find(isFile);
  if (link === undefined) return { kind: "missing", candidates };
  if (link.includes(`${path.sep}node_modules${path.sep}`) || link.endsWith(".node")) return { kind: "package" };
  return { kind: "local", file: realPath(link) ?? link, link };
}

/** The file whose appearance would mean that a missing package was installed. */
export function packageCandidate(specifier: string, from: string): string {
  const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  return path.join(path.dirname(from), "node_modules", name, "package.json");
}
