import type { AnyNode, Identifier, Literal, Position, Program } from "acorn";
import { namesVariable, placeOf, walk, type Step } from "./syntax-tree.ts";

/** A reference to another module, with its place in the code that the record was read from. */
export interface Request {
  readonly specifier: string;
  readonly at: Position;
  /** The import attribute `type`: what the module must be. */
  readonly type?: string | undefined;
}

/** What the code of a module uses, at whatever depth. */
export interface Uses {
  /** Variables that are read as values. */
  readonly values: Set<string>;
  readonly lazy: Request[];
  /** The names that CommonJS visibly assigns to its exports: an `export *` of it knows only these, as in Node. */
  readonly assigned: Map<string, undefined>;
  /** Keys of object literals that are there already. */
  readonly repeated: RepeatedKey[];
  awaits: boolean;
  hasMeta: boolean;
  isCommonJs: boolean;
}

/** A key that an object literal has twice: ECMAScript takes the last one. */
export interface RepeatedKey {
  readonly key: string;
  readonly at: Position;
}

const commonJsNames = new Set(["module", "exports", "require", "__filename", "__dirname"]);

export function readUses(tree: Program): Uses {
  const uses: Uses = { values: new Set(), lazy: [], assigned: new Map(), repeated: [], awaits: false, hasMeta: false, isCommonJs: false };
  walk(tree, (step) => {
    const { node } = step;
    if (metadataType(node) !== undefined) return false;
    if (!step.inFunction && isAwait(node)) uses.awaits = true;
    if (node.type === "MetaProperty" && node.meta.name === "import") uses.hasMeta = true;
    if (node.type === "Identifier") readIdentifier(uses, step, node);
    uses.repeated.push(...repeatedKeys(node));
    const named = lazyName(node);
    if (named !== undefined) uses.lazy.push({ specifier: String(named.value), at: placeOf(named) });
    for (const name of [...assignedNames(node), ...definedNames(node)]) if (name !== "__esModule") uses.assigned.set(name, undefined);
    return true;
  });
  return uses;
}

function isAwait(node: AnyNode): boolean {
  return node.type === "AwaitExpression" || (node.type === "ForOfStatement" && node.await);
}

function readIdentifier(uses: Uses, step: Step, { name }: Identifier): void {
  if (!namesVariable(step) || /^(?:Im|Ex)port/.test(step.parent?.type ?? "")) return;
  uses.values.add(name);
  if (commonJsNames.has(name)) uses.isCommonJs = true;
}

/** The A in `typeof A === "undefined" ? Object : A`: swc writes this for the type of a decorated parameter, whether it is a class or only a type. */
function metadataType(node: AnyNode): string | undefined {
  if (node.type !== "ConditionalExpression" || !isNamed(node.consequent, "Object") || node.test.type !== "BinaryExpression")
    return undefined;
  const { left, right } = node.test;
  const isTypeof = left.type === "UnaryExpression" && left.operator === "typeof" && right.type === "Literal" && right.value === "undefined";
  const { alternate } = node;
  return isTypeof && alternate.type === "Identifier" && isNamed(left.argument, alternate.name) ? alternate.name : undefined;
}

function lazyName(node: AnyNode): Literal | undefined {
  const argument =
    node.type === "ImportExpression"
      ? node.source
      : node.type === "CallExpression" && isRequire(node.callee)
        ? node.arguments[0]
        : undefined;
  return argument?.type === "Literal" && typeof argument.value === "string" ? argument : undefined;
}

/** `require`, `require.resolve`, and what swc makes of `import a = require()`. */
function isRequire(node: AnyNode): boolean {
  if (node.type === "MemberExpression") return isRequire(node.object) && isNamed(node.property, "resolve");
  return isNamed(node, "require") || isNamed(node, "__require");
}

function isNamed(node: AnyNode, name: string): boolean {
  return node.type === "Identifier" && node.name === name;
}

function repeatedKeys(node: AnyNode): RepeatedKey[] {
  if (node.type !== "ObjectExpression") return [];
  const keys = node.properties.flatMap((each) =>
    each.type === "Property" && !each.computed && each.kind === "init" ? [{ key: keyOf(each.key), at: placeOf(each) }] : [],
  );
  const first = new Map(keys.toReversed().map((each) => [each.key, each]));
  return keys.filter((each) => first.get(each.key) !== each);
}

/** `exports.a = `, `module.exports.a = `, `module.exports = { a }`. */
function assignedNames(node: AnyNode): string[] {
  if (node.type !== "AssignmentExpression" || node.left.type !== "MemberExpression") return [];
  const { left, right } = node;
  if (isExports(left) && right.type === "ObjectExpression")
    return right.properties.flatMap((each) => (each.type === "Property" && !each.computed ? [keyOf(each.key)] : []));
  return isExports(left.object) && !left.computed ? [keyOf(left.property)] : [];
}

/** `Object.defineProperty(exports, "a", …)`. */
function definedNames(node: AnyNode): string[] {
  if (node.type !== "CallExpression" || node.callee.type !== "MemberExpression" || !isNamed(node.callee.property, "defineProperty"))
    return [];
  const [object, name] = node.arguments;
  return object !== undefined && isExports(object) && name?.type === "Literal" ? [String(name.value)] : [];
}

function isExports(node: AnyNode): boolean {
  return (
    isNamed(node, "exports") || (node.type === "MemberExpression" && isNamed(node.object, "module") && isNamed(node.property, "exports"))
  );
}

function keyOf(node: AnyNode): string {
  return node.type === "Identifier" ? node.name : node.type === "Literal" ? String(node.value) : "";
}
