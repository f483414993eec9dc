import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { reasonOf, SluiceError } from "../../contract/index.ts";
import { addToJson } from "./add-to-json.ts";
import { runnerOf, testCommand, type TestRunner } from "./test-runner.ts";

type Json = Record<string, unknown>;

/** The package.json that `sluice init` needs in a folder. */
export interface StarterPackage {
  /** Its new text; undefined when nothing is missing in the existing file. */
  readonly text: string | undefined;
  /** Whether TypeScript and Node treat its `.ts` and `.js` as ES modules. */
  readonly isModule: boolean;
  /** Packages that it now names and that are not installed. */
  readonly missing: readonly string[];
  readonly runner: TestRunner;
  /** The script that runs the tests of plugins: `test`, or `test:plugins` when `test` exists and does something else. */
  readonly script: "test" | "test:plugins";
}

/** The packages that a plugin imports. With npm, Sluice's own dependencies would be found; pnpm needs them in the package.json. */
const needed = ["sluice", "rxjs", "zod"];

/** Adds missing parts to a package.json, and changes nothing else. @throws SLUICE_USAGE when it cannot be read */
export function starterPackage(file: string): StarterPackage {
  const before = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  const manifest: Json = before === undefined ? { private: true } : parsed(file, before);
  const type = typeOf(manifest);
  const isModule = type === "module";
  const absent = needed.filter((name) => !namedIn(manifest).includes(name));
  const folder = path.dirname(file);
  const { runner, script, command } = scriptFor(manifest, folder, isModule ? "ts" : "mts");
  const ranges = ownRanges();
  const additions: [readonly string[], Json][] = [
    [[], isModule && manifest["type"] === undefined ? { type } : {}],
    [["scripts"], objectAt(manifest, "scripts")[script] === undefined ? { [script]: command } : {}],
    [["dependencies"], Object.fromEntries(absent.map((name) => [name, ranges[name]]))],
  ];
  const text = additions.reduce(
    (json, [at, entries]) => addToJson(json, at, entries),
    before ?? `${JSON.stringify(manifest, undefined, 2)}\n`,
  );
  const missing = absent.filter((name) => !existsSync(path.join(folder, "node_modules", name)));
  return { text: text === before ? undefined : text, isModule, missing, runner, script };
}

type TestScript = Pick<StarterPackage, "runner" | "script"> & { readonly command: string };

function scriptFor(manifest: Json, folder: string, ending: string): TestScript {
  const { test } = objectAt(manifest, "scripts");
  const runner = runnerOf(folder, typeof test === "string" ? test : "", namedIn(manifest));
  const command = testCommand(runner, ending);
  return { runner, command, script: test === undefined || test === command ? "test" : "test:plugins" };
}

/**
 * The module type to assume. A package.json with only dependencies was made by npm's first install, so no existing code depends on its missing type.
 */
function typeOf(manifest: Json): unknown {
  const isFresh = Object.keys(manifest).every((key) =>
    /^(?:private|name|packageManager|allowScripts|(?:dev|peer|optional)?dependencies)$/i.test(key),
  );
  return manifest["type"] ?? (isFresh ? "module" : "commonjs");
}

function namedIn(manifest: Json): string[] {
  return ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"].flatMap((key) =>
    Object.keys(objectAt(manifest, key)),
  );
}

function parsed(file: string, text: string): Json {
  try {
    const json = JSON.parse(text.replace(/^\uFEFF/, "")) as unknown;
    if (typeof json !== "object" || json === null || Array.isArray(json)) throw new SyntaxError("expected a JSON object");
    return json as Json;
  } catch (error) {
    throw new SluiceError("SLUICE_USAGE", `cannot be read: ${reasonOf(error)}`, { where: path.resolve(file), cause: error });
  }
}

function objectAt(manifest: Json, key: string): Json {
  const value = manifest[key];
  return typeof value === "object" && value !== null ? (value as Json) : {};
}

/** The versions that Sluice itself uses. */
function ownRanges(): Readonly<Record<string, string>> {
  const own = createRequire(import.meta.url)("sluice/package.json") as { version: string; dependencies: Record<string, string> };
  return { ...own.dependencies, sluice: `^${own.version}` };
}
