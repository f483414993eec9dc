import type { ArrayExpression, CallExpression, Expression, ModuleItem, Statement } from "@swc/core";
import type { ConfigSource } from "./config-source.ts";
import { bare, valueIn } from "./object-syntax.ts";

/**
 * The call that makes a plugin use.
 *
 * @param path the `path` of a resolved use: `listeners.web.plugins[2]`
 * @throws SLUICE_ADMIN_CONFLICT, with the place, when the use is computed and not such a call
 */
export function callOfUse(source: ConfigSource, path: string): CallExpression {
  let node = exportedConfig(source);
  for (const key of keysOf(path)) node = typeof key === "number" ? element(source, node, key) : member(source, node, key);
  if (node.type === "CallExpression") return node;
  throw source.refusal(node, `${path} is computed: \`${source.shown(node)}\` is no call of a plugin`);
}

function keysOf(path: string): readonly (string | number)[] {
  return Array.from(path.matchAll(/\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]|([^.[\]]+)/g), ([, index, quoted, word = ""]) =>
    index === undefined ? (quoted === undefined ? word : (JSON.parse(quoted) as string)) : Number(index),
  );
}

function member(source: ConfigSource, node: Expression, key: string): Expression {
  if (node.type !== "ObjectExpression") throw source.refusal(node, `it is computed: \`${source.shown(node)}\` is no object literal`);
  const value = valueIn(source, node, key);
  if (value === undefined) throw source.refusal(node, `\`${key}\` is not in this object`);
  return bare(value);
}

function element(source: ConfigSource, node: Expression, index: number): Expression {
  if (node.type !== "ArrayExpression") throw source.refusal(node, `it is computed: \`${source.shown(node)}\` is no array literal`);
  return bare(elementOf(source, node, index));
}

function elementOf(source: ConfigSource, array: ArrayExpression, index: number): Expression {
  for (const each of array.elements.slice(0, index + 1)) {
    if (each?.spread === undefined || each.spread === null) continue;
    throw source.refusal(each.expression, `which plugin it is is computed: \`...${source.shown(each.expression)}\``);
  }
  const found = array.elements[index]?.expression;
  if (found === undefined) throw source.refusal(array, `there is no plugin at place ${index}`);
  return found;
}

/** The value of `export default`: without `defineConfig` or a function around it, and with the name of a constant resolved. */
function exportedConfig(source: ConfigSource): Expression {
  for (const item of source.tree.body) {
    if (item.type === "ExportDefaultExpression") return unwrapped(source, item.expression);
    if (item.type !== "ExportDefaultDeclaration") continue;
    const { decl } = item;
    const returned = decl.type === "FunctionExpression" ? returnedBy(decl.body?.stmts ?? []) : undefined;
    if (returned !== undefined) return unwrapped(source, returned);
  }
  throw source.refusal(source.tree, "it has no `export default` that shows the config");
}

function unwrapped(source: ConfigSource, expression: Expression): Expression {
  let node = bare(expression);
  // Configs are never wrapped deeper; the loop also ends for two names that refer to each other.
  for (let depth = 0; depth < 8; depth += 1) {
    const inner = within(source, node);
    if (inner === undefined) return node;
    node = bare(inner);
  }
  return node;
}

function within(source: ConfigSource, node: Expression): Expression | undefined {
  if (node.type === "AwaitExpression") return node.argument;
  if (node.type === "CallExpression") {
    const isDefine = node.callee.type === "Identifier" && node.callee.value === "defineConfig";
    return isDefine ? node.arguments[0]?.expression : undefined;
  }
  // Not by its type: swc gives it another name than its type declarations say.
  if (node.type === "ArrowFunctionExpression") return "stmts" in node.body ? returnedBy(node.body.stmts) : node.body;
  return node.type === "Identifier" ? constantCalled(source.tree.body, node.value) : undefined;
}

/** The returned value of a function whose last statement is its `return`. */
function returnedBy(statements: readonly Statement[]): Expression | undefined {
  const last = statements.at(-1);
  return last?.type === "ReturnStatement" ? last.argument : undefined;
}

function constantCalled(body: readonly ModuleItem[], name: string): Expression | undefined {
  for (const item of body) {
    if (item.type !== "VariableDeclaration" || item.kind !== "const") continue;
    for (const { id, init } of item.declarations) if (id.type === "Identifier" && id.value === name) return init ?? undefined;
  }
  return undefined;
}
