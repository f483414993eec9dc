import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { reasonOf, SluiceError } from "../../contract/index.ts";

type Json = Record<string, unknown>;

/** The package.json of a folder as `sluice init` wants it. */
export interface StarterPackage {
  /** Undefined when nothing is missing in the one that is there. */
  readonly text: string | undefined;
  /** Whether TypeScript and Node take its `.ts` and `.js` for ES modules. */
  readonly isModule: boolean;
  /** What it names now and is not installed. */
  readonly missing: readonly string[];
}

/** What a plugin imports beside Sluice. npm would find those of Sluice; pnpm gives a package only what it names itself. */
const needed = ["sluice", "rxjs", "zod"];

/** Adds what is missing to a package.json, and changes nothing that is there. @throws SLUICE_USAGE when it cannot be read */
export function starterPackage(file: string): StarterPackage {
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  const manifest: Json = before === undefined ? { private: true } : parsed(file, before);
  const type = typeOf(manifest);
  const absent = needed.filter((name) => !namedIn(manifest).includes(name));
  const ranges = ownRanges();
  const dependencies = { ...objectAt(manifest, "dependencies"), ...Object.fromEntries(absent.map((name) => [name, ranges[name]])) };
  const after = { ...manifest, ...(type === "module" ? { type } : {}), ...(absent.length === 0 ? {} : { dependencies }) };
  const isSame = before !== undefined && JSON.stringify(after) === JSON.stringify(manifest);
  const folder = path.join(path.dirname(file), "node_modules");
  return {
    text: isSame ? undefined : `${JSON.stringify(after, undefined, indentOf(before ?? ""))}\n`,
    isModule: type === "module",
    missing: absent.filter((name) => !existsSync(path.join(folder, name))),
  };
}

/** With nothing but dependencies it is npm's own, made by the first install: no code can rest on what it leaves out. */
function typeOf(manifest: Json): unknown {
  const isFresh = Object.keys(manifest).every((key) => /^(?:private|name|packageManager|(?:dev|peer|optional)?dependencies)$/i.test(key));
  return manifest["type"] ?? (isFresh ? "module" : "commonjs");
}

function namedIn(manifest: Json): string[] {
  return ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"].flatMap((key) =>
    Object.keys(objectAt(manifest, key)),
  );
}

function parsed(file: string, text: string): Json {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) as Json;
  } catch (error) {
    throw new SluiceError("SLUICE_USAGE", `cannot be read: ${reasonOf(error)}`, { where: path.resolve(file), cause: error });
  }
}

function objectAt(manifest: Json, key: string): Json {
  const value = manifest[key];
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

/** The versions that Sluice itself was made for. */
function ownRanges(): Readonly<Record<string, string>> {
  const own = createRequire(import.meta.url)("sluice/package.json") as { version: string; dependencies: Record<string, string> };
  return { ...own.dependencies, sluice: `^${own.version}` };
}

function indentOf(text: string): string {
  return /^([ \t]+)"/m.exec(text)?.[1] ?? "  ";
}
