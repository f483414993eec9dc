import type { AnyNode, Identifier, ImportDeclaration, ExportNamedDeclaration, Literal, Pattern, Program } from "acorn";
import { readUses, type RepeatedKey, type Request } from "./module-uses.ts";
import { placeOf } from "./syntax-tree.ts";

type Source = Pick<ImportDeclaration, "source" | "attributes">;

/** One name taken from another module; `*` is its whole namespace. */
export interface ImportedName extends Request {
  readonly name: string;
}

interface ImportEntry extends ImportedName {
  /** Used only in the metadata of decorators, or only exported again: it may be a type, and be absent. */
  readonly isMetadata: boolean;
}

/** What a module imports and exports, in the terms of ECMAScript (Source Text Module Records, ECMA-262 §16.2.1.6). */
export interface ModuleRecord {
  /** Every module that must be there before this one is evaluated, in order. */
  readonly requests: readonly Request[];
  readonly imports: readonly ImportEntry[];
  /** By the name that other modules see; undefined for what the module declares itself. */
  readonly exports: ReadonlyMap<string, ImportedName | undefined>;
  /** `export * from`. */
  readonly stars: readonly Request[];
  /** Literal names in `import()`, `require()` and `require.resolve()`: looked up when they run. */
  readonly lazy: readonly Request[];
  readonly repeated: readonly RepeatedKey[];
  /** Whether it awaits outside every function. */
  readonly awaits: boolean;
  /** Whether its code is possible only in an ES module. */
  readonly isModule: boolean;
  /** Whether it uses variables that only CommonJS has. */
  readonly isCommonJs: boolean;
}

const noRequests: readonly Request[] = [];

/** The record of a module without imports: JSON. */
export function recordOf(names: readonly string[]): ModuleRecord {
  const exports = new Map(names.map((name) => [name, undefined] as const));
  return {
    requests: noRequests,
    imports: [],
    exports,
    stars: noRequests,
    lazy: noRequests,
    repeated: [],
    awaits: false,
    isModule: false,
    isCommonJs: true,
  };
}

/**
 * Reads the record of a module, of either kind, from its tree.
 *
 * @param isTyped whether it was TypeScript: imports that are not used as values have already been removed
 */
export function readRecord(tree: Program, isTyped: boolean): ModuleRecord {
  const uses = readUses(tree);
  const reader = new RecordReader((name) => !isTyped || uses.values.has(name));
  // An import counts wherever it is, also below an export of what it imports.
  for (const node of tree.body) if (node.type === "ImportDeclaration") reader.readNames(node);
  for (const node of tree.body) reader.read(node);
  const { requests, imports, exports, stars, isModule } = reader;
  return {
    requests,
    imports,
    exports: exports.size === 0 && !isModule ? uses.assigned : exports,
    stars,
    lazy: uses.lazy,
    repeated: uses.repeated,
    awaits: uses.awaits,
    isModule: isModule || uses.awaits || uses.hasMeta,
    isCommonJs: uses.isCommonJs,
  };
}

class RecordReader {
  readonly requests: Request[] = [];
  readonly imports: ImportEntry[] = [];
  readonly exports = new Map<string, ImportedName | undefined>();
  readonly stars: Request[] = [];
  isModule = false;
  /** The imported names, by the module's own names for them. */
  readonly #imported = new Map<string, ImportedName>();
  readonly #isValue: (local: string) => boolean;

  constructor(isValue: (local: string) => boolean) {
    this.#isValue = isValue;
  }

  readNames(node: ImportDeclaration): void {
    const specifier = String(node.source.value);
    for (const each of node.specifiers) {
      const name = each.type === "ImportSpecifier" ? nameOf(each.imported) : each.type === "ImportDefaultSpecifier" ? "default" : "*";
      const taken = { specifier, name, at: placeOf(each) };
      this.#imported.set(each.local.name, taken);
      this.imports.push({ ...taken, isMetadata: !this.#isValue(each.local.name) });
    }
  }

  read(node: AnyNode): void {
    if (node.type === "ImportDeclaration") this.#request(node);
    else if (node.type === "ExportAllDeclaration") {
      const request = this.#request(node);
      if (node.exported === null || node.exported === undefined) this.stars.push(request);
      else this.exports.set(nameOf(node.exported), { ...request, name: "*" });
    } else if (node.type === "ExportDefaultDeclaration") this.exports.set("default", undefined);
    else if (node.type === "ExportNamedDeclaration") this.#exportNames(node);
    else return;
    this.isModule = true;
  }

  #request({ source, attributes }: Source): Request {
    const type = attributes.find(({ key }) => nameOf(key) === "type");
    const request = {
      specifier: String(source.value),
      at: placeOf(source),
      type: type === undefined ? undefined : String(type.value.value),
    };
    this.requests.push(request);
    return request;
  }

  #exportNames(node: ExportNamedDeclaration): void {
    for (const name of declaredNames(node)) this.exports.set(name, undefined);
    const { source, attributes } = node;
    const from = source === null || source === undefined ? undefined : this.#request({ source, attributes });
    for (const { local, exported } of node.specifiers) {
      const taken = from === undefined ? this.#imported.get(nameOf(local)) : { ...from, name: nameOf(local), at: placeOf(local) };
      this.exports.set(nameOf(exported), taken);
    }
  }
}

function declaredNames({ declaration }: ExportNamedDeclaration): string[] {
  if (declaration === null || declaration === undefined) return [];
  return declaration.type === "VariableDeclaration" ? declaration.declarations.flatMap(({ id }) => boundNames(id)) : [declaration.id.name];
}

function boundNames(pattern: Pattern): string[] {
  if (pattern.type === "Identifier") return [pattern.name];
  if (pattern.type === "AssignmentPattern") return boundNames(pattern.left);
  if (pattern.type === "RestElement") return boundNames(pattern.argument);
  if (pattern.type === "ArrayPattern") return pattern.elements.flatMap((each) => (each === null ? [] : boundNames(each)));
  if (pattern.type !== "ObjectPattern") return [];
  return pattern.properties.flatMap((each) => boundNames(each.type === "Property" ? each.value : each.argument));
}

function nameOf(node: Identifier | Literal): string {
  return node.type === "Identifier" ? node.name : String(node.value);
}
