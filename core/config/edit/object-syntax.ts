import type { Expression, ObjectExpression, Property } from "@swc/core";
import type { ConfigSource } from "./config-source.ts";

/** An expression without the parentheses and types around it, which do not change its value. */
export function bare(node: Expression): Expression {
  let inner = node;
  while (
    inner.type === "ParenthesisExpression" ||
    inner.type === "TsAsExpression" ||
    inner.type === "TsSatisfiesExpression" ||
    inner.type === "TsConstAssertion" ||
    inner.type === "TsNonNullExpression"
  )
    inner = inner.expression;
  return inner;
}

/**
 * The value of a key in an object literal.
 *
 * @returns undefined if the key is not there
 * @throws SLUICE_ADMIN_CONFLICT when the value is known only at run time, because of something after it or in its place
 */
export function valueIn(source: ConfigSource, { properties }: ObjectExpression, key: string): Expression | undefined {
  let found: Expression | undefined;
  for (const each of properties) {
    if (each.type === "SpreadElement") {
      // A spread before the key is overridden by it; a spread after the key overrides it.
      if (properties.slice(properties.indexOf(each)).some((later) => later.type !== "SpreadElement" && keyOf(later) === key)) continue;
      throw source.refusal(each.arguments, `\`${key}\` may come from \`...${source.shown(each.arguments)}\``);
    }
    if (keyOf(each) === undefined) throw source.refusal(placeOf(each), `\`${key}\` may be a computed key`);
    if (keyOf(each) !== key) continue;
    if (each.type !== "KeyValueProperty") throw source.refusal(placeOf(each), `\`${key}\` is computed: \`${source.shown(placeOf(each))}\``);
    found = each.value;
  }
  return found;
}

function placeOf(property: Property): Extract<Property, { type: "Identifier" }> | Expression {
  return (property.type === "Identifier" ? property : property.key) as Expression;
}

function keyOf(property: Property): string | undefined {
  const key = property.type === "Identifier" ? property : property.key;
  if (key.type === "Computed") return undefined;
  return String(key.value);
}
