import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { didYouMean } from "../contract/nearest.ts";
import { reasonOf, SluiceError } from "../contract/index.ts";
import { codeFrame, placeText } from "./code-frame.ts";
import type { Compiled } from "./compiler.ts";
import { isSluice } from "./packages.ts";

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

/** The source with its comments blanked, every place staying where it is. */
function withoutComments(source: string): string {
  const stringOrComment = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|\/\/.*|\/\*[\s\S]*?\*\//g;
  return source.replaceAll(stringOrComment, (text) => (text.startsWith("/") ? text.replaceAll(/[^\n]/g, " ") : text));
}

function fault(module: Compiled, pattern: RegExp, detail: string, cause?: unknown): SluiceError {
  const found = pattern.exec(withoutComments(module.source)) ?? pattern.exec(module.source);
  if (found === null) return new SluiceError("SLUICE_CONFIG_IMPORT", detail, { where: module.file, cause });
  const before = module.source.slice(0, found.index + (found[1] ?? "").length).split("\n");
  const line = before.length;
  const column = (before.at(-1) ?? "").length + 1;
  const where = placeText({ file: module.file, line, column });
  return new SluiceError("SLUICE_CONFIG_IMPORT", detail, { where, frame: codeFrame(module.source, line, column), cause });
}

/** Where a module names a specifier: in an import, an export from, or a require. */
function specifierPattern(specifier: string): RegExp {
  return new RegExp(`(\\b(?:from|import|require)\\s*\\(?\\s*)["']${escaped(JSON.stringify(specifier).slice(1, -1))}["']`);
}

/** The error for an import of a local file that is not there. */
export function missingModule(module: Compiled, specifier: string): SluiceError {
  const slashed = specifier.replaceAll("\\", "/");
  const hint = slashed === specifier ? "" : `: write it with forward slashes: ${JSON.stringify(slashed)}`;
  return fault(module, specifierPattern(specifier), `cannot find the module ${JSON.stringify(specifier)}${hint}`);
}

/** The nearest `tsconfig.json` may have `paths`, which only compilers and editors follow. */
function pathsHint(file: string): string {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const config = path.join(folder, "tsconfig.json");
    if (existsSync(config))
      return /"paths"\s*:/.test(readFileSync(config, "utf8")) ? `: \`paths\` of ${config} are not followed, write a relative path` : "";
    if (path.dirname(folder) === folder) return "";
  }
}

/** What can be imported of Sluice. */
const entries = ["sluice", "sluice/flow", "sluice/plugins"];

/** The error for an import of a package that is not installed, or that fails to load. */
export function failedPackage(module: Compiled, specifier: string, thrown: unknown): SluiceError {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const missing = /^(ERR_)?MODULE_NOT_FOUND$/.test(code) && reasonOf(thrown).includes(`'${specifier.split("/")[0]}`);
  const name = JSON.stringify(specifier);
  if (isSluice(specifier) && code === "ERR_PACKAGE_PATH_NOT_EXPORTED") {
    const hint = didYouMean(specifier, entries) || `, expected one of ${entries.join(", ")}`;
    return fault(module, specifierPattern(specifier), `cannot load ${name}: there is no such entry${hint}`, thrown);
  }
  // The module that Sluice imports packages through is nobody's business.
  const reason = reasonOf(thrown).replace(/,? imported from \S*sluice-import\.cjs/, "");
  const detail = missing ? `cannot find the package ${name}${pathsHint(module.file)}` : `cannot load ${name}: ${reason}`;
  return fault(module, specifierPattern(specifier), detail, thrown);
}

/** Bindings that a module uses as values of a namespace in its compiled code: `_sluice.logging`. */
function usedNames(module: Compiled, specifier: string): string[] {
  const binding = new RegExp(`const (_\\w+) = require\\("${escaped(specifier)}"\\)`).exec(module.code)?.[1];
  if (binding === undefined) return [];
  // Metadata of a parameter whose type is an interface: asked for with typeof, and meant to be absent.
  const code = module.code.replaceAll(/typeof (_[\w.]+) === "undefined" \? Object : \1/g, "");
  return [...new Set([...code.matchAll(new RegExp(`\\b${binding}\\.([\\w$]+)`, "g"))].map((match) => match[1] ?? ""))];
}

/**
 * The error for a name that a namespace does not have; undefined when all are there. As CommonJS such an import would silently be
 * undefined.
 */
export function missingName(module: Compiled, specifier: string, namespace: object): SluiceError | undefined {
  const name = usedNames(module, specifier).find((each) => !(each in namespace));
  if (name === undefined) return undefined;
  const pattern = new RegExp(`(import[^;"']*?[{,\\s])${escaped(name)}\\b[^;"']*from\\s*["']${escaped(specifier)}["']`);
  return fault(module, pattern, `${JSON.stringify(specifier)} does not export ${name}${didYouMean(name, Object.keys(namespace))}`);
}
