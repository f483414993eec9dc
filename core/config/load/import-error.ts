import { didYouMean } from "../../contract/options/nearest.ts";
import { reasonOf, SluiceError } from "../../contract/index.ts";
import { codeFrame, placeText } from "../explain/code-frame.ts";
import type { Compiled } from "../compile/compiler.ts";
import type { UnlinkedName } from "./linker.ts";
import type { ImportedName } from "../compile/module-record.ts";
import type { Request } from "../compile/module-uses.ts";
import { packageFault } from "./package-fault.ts";
import { isSluice } from "../resolve/packages.ts";
import { originalPlace } from "../explain/syntax-error.ts";

function fault(module: Compiled, request: Request | undefined, detail: string, cause?: unknown): SluiceError {
  const place = request === undefined ? undefined : originalPlace(module.map, request.at);
  if (place === undefined) return new SluiceError("SLUICE_CONFIG_IMPORT", detail, { where: module.file, cause });
  const where = placeText({ file: module.file, ...place });
  return new SluiceError("SLUICE_CONFIG_IMPORT", detail, { where, frame: codeFrame(module.source, place.line, place.column), cause });
}

function requestFor(module: Compiled, specifier: string, type?: string): Request | undefined {
  const { requests, lazy } = module.record;
  const isIt = (each: Request): boolean => each.specifier === specifier && (type === undefined || each.type === type);
  // That of an `import()` is known at run time only.
  return requests.find(isIt) ?? lazy.find((each) => each.specifier === specifier);
}

/** The error for an import of a local file that does not exist. */
export function missingModule(module: Compiled, specifier: string): SluiceError {
  const slashed = specifier.replaceAll("\\", "/");
  const hint = slashed === specifier ? "" : `: write it with forward slashes: ${JSON.stringify(slashed)}`;
  return fault(module, requestFor(module, specifier), `cannot find the module ${JSON.stringify(specifier)}${hint}`);
}

/** The error for an import whose attribute `type` does not match the module: it must not be evaluated as code. */
export function wrongType(module: Compiled, { specifier, type }: Pick<Request, "specifier" | "type">): SluiceError {
  const reason = type === "json" ? `${JSON.stringify(specifier)} is not JSON` : 'the only type that an import can have is "json"';
  const place = requestFor(module, specifier, type);
  return fault(module, place, `an import has the type ${JSON.stringify(type)}: ${reason}`);
}

/** The error of `require()` and `import()` for a missing module: with Node's code, for code that catches it. */
export class MissingModule extends Error {
  readonly code: string;
  /** The same error with its place, for when nobody catches it. */
  readonly placed: SluiceError | undefined;

  constructor(module: Compiled | undefined, from: string, specifier: string, code: "MODULE_NOT_FOUND" | "ERR_MODULE_NOT_FOUND") {
    super(`Cannot find module '${specifier}' imported from ${from}`);
    this.code = code;
    this.placed = module === undefined ? undefined : missingModule(module, specifier);
  }
}

/** The entries of Sluice that can be imported. */
const entries = ["sluice", "sluice/flow", "sluice/plugins"];

/**
 * The error for an import of a package that is not installed, or that fails to load.
 *
 * @param unreadPaths why the paths of a tsconfig.json, which may have the name, are not known
 */
export function failedPackage(module: Compiled, specifier: string, thrown: unknown, unreadPaths?: string): SluiceError {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const missing = /^(ERR_)?MODULE_NOT_FOUND$/.test(code) && reasonOf(thrown).includes(`'${specifier.split("/")[0]}`);
  const name = JSON.stringify(specifier);
  const request = requestFor(module, specifier);
  if (isSluice(specifier) && code === "ERR_PACKAGE_PATH_NOT_EXPORTED") {
    const hint = didYouMean(specifier, entries) || `, expected one of ${entries.join(", ")}`;
    return fault(module, request, `cannot load ${name}: there is no such entry${hint}`, thrown);
  }
  // The module through which Sluice imports packages is an internal detail.
  const reason = reasonOf(thrown).replace(/,? (?:imported|while importing "[^"]*") from \S*sluice-import\.cjs/, "");
  const paths = unreadPaths === undefined ? "" : `, and the paths of a tsconfig.json are not known: ${unreadPaths}`;
  if (missing) return fault(module, request, `cannot find the package ${name}${paths}`, thrown);
  const inner = packageFault(specifier, module.file, thrown);
  return fault(module, request, `cannot load ${name}: ${inner === undefined ? "" : `${inner}: `}${reason}`, thrown);
}

/** The error for an imported name that the other module does not export. ECMAScript's own error for it is the cause. */
export function unlinkedName({ module, taken, reason }: UnlinkedName, known: readonly string[]): SluiceError {
  const { specifier, name } = taken;
  const said = {
    missing: `${JSON.stringify(specifier)} does not export ${name}${didYouMean(name, known) || elsewhere(specifier)}`,
    ambiguous: `${JSON.stringify(specifier)} exports two things called ${name}, each by an \`export *\`: export the one that is meant by its name`,
    type: `${JSON.stringify(specifier)} exports ${name} as a type only, which is no value`,
  };
  const cause = new SyntaxError(`The requested module '${specifier}' does not provide an export named '${name}'`);
  return fault(module, taken, said[reason], cause);
}

function elsewhere(specifier: string): string {
  return isSluice(specifier)
    ? ': plugins are in "sluice/plugins", operators for flows in "sluice/flow", and what defines them in "sluice"'
    : "";
}

/** The same for CommonJS, once it has been evaluated: undefined when it has every name that the module imports from it. */
export function missingLate(module: Compiled, specifier: string, from: Compiled, namespace: object): SluiceError | undefined {
  if (from.format === "module") return undefined;
  const { imports, exports } = module.record;
  const isAbsent = (taken: ImportedName): boolean => taken.specifier === specifier && taken.name !== "*" && !(taken.name in namespace);
  const taken =
    imports.filter((each) => !each.isMetadata).find(isAbsent) ?? [...exports.values()].find((each) => each !== undefined && isAbsent(each));
  return taken === undefined ? undefined : unlinkedName({ module, taken, reason: "missing" }, Object.keys(namespace));
}
