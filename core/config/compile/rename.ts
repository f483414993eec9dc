import type { AnyNode, Program } from "acorn";
import { namesVariable, walk, type Step } from "./syntax-tree.ts";

/** The names for the words of ECMAScript's modules in code that is evaluated as CommonJS. Of the same length, so that source maps stay right. */
export interface Names {
  /** For `import.meta`. */
  readonly meta: string;
  /** For the `import` of `import(…)`. */
  readonly load: string;
  /** For the author's own `require`; the plain `require` is then an import. */
  readonly require: string;
  /** For `yield`, which the text of a module must not have. */
  readonly yield: string;
}

type Words = Omit<Names, "yield">;

/** Names that do not occur in the text. */
export function freeNames(code: string): Names {
  for (const first of "$_abcdefghjklmnopqstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
    const names = { meta: `${first}mport_meta`, load: `${first}mport`, require: `${first}equire`, yield: `${first}ield` };
    if (Object.values(names).every((name) => !code.includes(name))) return names;
  }
  throw new SyntaxError("it uses every name that the loader could take for import()");
}

/** Renames `import.meta`, `import(…)` and every variable `require`, by the syntax tree: strings and comments stay as they are. */
export function rename(code: string, tree: Program, names: Words): string {
  // By the place where they begin. The first edit of a place wins, and a node is visited before the nodes inside it.
  const edits = new Map<number, { readonly end: number; readonly text: string }>();
  walk(tree, (step) => {
    const edit = editOf(step, names);
    if (edit !== undefined && !edits.has(step.node.start)) edits.set(step.node.start, edit);
    return true;
  });
  let text = "";
  let at = 0;
  for (const [start, edit] of [...edits].toSorted(([a], [b]) => a - b)) {
    text += code.slice(at, start) + edit.text;
    at = edit.end;
  }
  return text + code.slice(at);
}

function editOf(step: Step, names: Words): { end: number; text: string } | undefined {
  const { node } = step;
  if (node.type === "MetaProperty") return node.meta.name === "import" ? { end: node.end, text: names.meta } : undefined;
  if (node.type === "ImportExpression") return { end: node.start + "import".length, text: names.load };
  return shorthand(node, names) ?? (isRequire(node) && namesVariable(step) ? { end: node.end, text: names.require } : undefined);
}

/** `{ require }`, `export { require }`, `import { require }`: one word is both the variable and the name that other code sees. */
function shorthand(node: AnyNode, { require }: Words): { end: number; text: string } | undefined {
  if (node.type === "Property" && node.shorthand && isRequire(node.key)) return { end: node.key.end, text: `require: ${require}` };
  if (node.type === "ExportSpecifier" && isRequire(node.local) && node.exported.start === node.start)
    return { end: node.end, text: `${require} as require` };
  if (node.type === "ImportSpecifier" && isRequire(node.local) && node.imported.start === node.local.start)
    return { end: node.end, text: `require as ${require}` };
  return undefined;
}

function isRequire(node: AnyNode): boolean {
  return node.type === "Identifier" && node.name === "require";
}
