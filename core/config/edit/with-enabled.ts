import type { CallExpression, Expression, ObjectExpression } from "@swc/core";
import { ConfigSource } from "./config-source.ts";
import { callOfUse } from "./find-use.ts";
import { bare, valueIn } from "./object-syntax.ts";

/**
 * The text of a config in which a plugin use is switched on or off; everything else, comments and spaces too, is unchanged.
 *
 * @param path the place of the use: `listeners.web.plugins[2]`
 * @throws SLUICE_ADMIN_CONFLICT, with the place and the reason, when the use or its `enabled` is computed
 */
export function withEnabled(file: string, text: string, path: string, enabled: boolean): string {
  const source = new ConfigSource(file, text);
  const call = callOfUse(source, path);
  const options = optionsOf(source, call);
  if (options === undefined) return addedArgument(source, call, enabled);
  const value = valueIn(source, options, "enabled");
  return value === undefined ? addedProperty(source, options, enabled) : replacedValue(source, value, enabled);
}

function optionsOf(source: ConfigSource, call: CallExpression): ObjectExpression | undefined {
  const [first] = call.arguments;
  if (first === undefined) return undefined;
  const node = bare(first.expression);
  if (node.type === "ObjectExpression" && (first.spread === undefined || first.spread === null)) return node;
  throw source.refusal(node, `its options are computed: \`${source.shown(node)}\` is no object literal`);
}

function replacedValue(source: ConfigSource, value: Expression, enabled: boolean): string {
  if (bare(value).type !== "BooleanLiteral") throw source.refusal(value, `it is computed: \`enabled: ${source.shown(value)}\``);
  return source.replaced(source.start(value), source.end(value), String(enabled));
}

function addedArgument(source: ConfigSource, call: CallExpression, enabled: boolean): string {
  const end = source.end(call) - 1;
  return source.replaced(end, end, `{ enabled: ${enabled} }`);
}

/** Adds it in front of the others: after them, it would come between the last one and its comment. On a line of its own if the others are. */
function addedProperty(source: ConfigSource, options: ObjectExpression, enabled: boolean): string {
  const begin = source.start(options) + 1;
  const inside = source.between(begin, source.end(options) - 1);
  const property = `enabled: ${enabled}`;
  if (inside.trim() === "") return source.replaced(begin, source.end(options) - 1, ` ${property} `);
  const [, lineBreak, indent = ""] = /^[^\S\n\r]*(?:\/\/[^\n\r]*)?(\r?\n)([^\S\n\r]*)/.exec(inside) ?? [];
  if (lineBreak === undefined) {
    const space = /^\s/.test(inside) ? " " : "";
    return source.replaced(begin, begin, `${space}${property},${space === "" ? " " : ""}`);
  }
  const at = begin + Buffer.byteLength(inside.slice(0, inside.indexOf("\n") + 1));
  return source.replaced(at, at, `${indent}${property},${lineBreak}`);
}
