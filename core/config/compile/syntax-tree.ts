import { parse, type AnyNode, type Options, type Position, type Program } from "acorn";

/** A node with its parent, and whether it is inside a function. */
export interface Step {
  readonly node: AnyNode;
  readonly parent: AnyNode | undefined;
  readonly inFunction: boolean;
}

const options = { ecmaVersion: "latest", locations: true } as const satisfies Options;

/** The tree of an ES module. @throws SyntaxError with `loc`, if the text is not an ES module */
export function moduleTree(code: string): Program {
  return parse(code, { ...options, sourceType: "module" });
}

/** The tree of a CommonJS module. @throws SyntaxError with `loc` */
export function scriptTree(code: string): Program {
  return parse(code, { ...options, sourceType: "script", allowReturnOutsideFunction: true });
}

const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/**
 * Visits every node, each before the nodes inside it; if `visit` returns false for a node, the nodes inside it are skipped. Without
 * recursion: a chain of ten thousand `+` is ten thousand levels deep.
 */
export function walk(tree: Program, visit: (step: Step) => boolean): void {
  const queue: Step[] = [{ node: tree, parent: undefined, inFunction: false }];
  for (let step = queue.pop(); step !== undefined; step = queue.pop()) {
    if (!visit(step)) continue;
    const { node } = step;
    const inFunction = step.inFunction || functions.has(node.type);
    for (const child of children(node)) queue.push({ node: child, parent: node, inFunction });
  }
}

function children(node: AnyNode): AnyNode[] {
  return Object.values(node).flat().filter(isNode);
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string" && "start" in value;
}

/** Parents in which an identifier is a variable only if it is this part. */
const partsOf: Readonly<Record<string, "object" | "value" | "local" | undefined>> = {
  MemberExpression: "object",
  Property: "value",
  MethodDefinition: "value",
  PropertyDefinition: "value",
  ImportSpecifier: "local",
  ExportSpecifier: "local",
};

const withoutVariables = new Set(["ExportAllDeclaration", "MetaProperty", "LabeledStatement", "BreakStatement", "ContinueStatement"]);

/** Whether an identifier names a variable, and not the key of a property, a label or similar. */
export function namesVariable({ node, parent }: Step): boolean {
  if (node.type !== "Identifier" || parent === undefined || withoutVariables.has(parent.type)) return false;
  const part = partsOf[parent.type];
  if (part === undefined || ("computed" in parent && parent.computed)) return true;
  return (parent as Partial<Record<typeof part, unknown>>)[part] === node;
}

/** Where a node begins. */
export function placeOf(node: AnyNode): Position {
  return node.loc?.start ?? { line: 1, column: 0 };
}
