import { parse, type AnyNode, type Options, type Position, type Program } from "acorn";

/** A node with the one around it, and whether a function lies around both. */
export interface Step {
  readonly node: AnyNode;
  readonly parent: AnyNode | undefined;
  readonly inFunction: boolean;
}

const options = { ecmaVersion: "latest", locations: true } as const satisfies Options;

/** The tree of an ES module. @throws SyntaxError with `loc`, where the text is none */
export function moduleTree(code: string): Program {
  return parse(code, { ...options, sourceType: "module" });
}

/** The tree of a CommonJS module. @throws SyntaxError with `loc` */
export function scriptTree(code: string): Program {
  return parse(code, { ...options, sourceType: "script", allowReturnOutsideFunction: true });
}

const functions = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/**
 * Visits every node, each before those within it; what lies within one for which `visit` returns false is passed over. Without
 * recursion: a chain of ten thousand `+` is as deep.
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

/** Where an identifier is no variable unless it is this part of the node around it. */
const partsOf: Readonly<Record<string, "object" | "value" | "local" | undefined>> = {
  MemberExpression: "object",
  Property: "value",
  MethodDefinition: "value",
  PropertyDefinition: "value",
  ImportSpecifier: "local",
  ExportSpecifier: "local",
};

const withoutVariables = new Set(["ExportAllDeclaration", "MetaProperty", "LabeledStatement", "BreakStatement", "ContinueStatement"]);

/** Whether an identifier stands where a variable is named, and not the key of a property, a label or the like. */
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
