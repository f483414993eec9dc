import { jsonSchemas } from "../../core/admin/schemas/schemas.ts";

/** JSON Schema, as far as the schemas of answers use it. */
interface Json {
  readonly $ref?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Json[];
  readonly type?: string | readonly string[];
  readonly items?: Json;
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Json;
  readonly description?: string;
}

/** The answers as TypeScript, for people. */
export function answerTypes(): string {
  const all = Object.entries(jsonSchemas((name) => name) as Readonly<Record<string, Json>>);
  return all.map(([name, schema]) => `type ${name} = ${typeOf(schema, "")};`).join("\n\n");
}

function typeOf(schema: Json, indent: string): string {
  const { $ref, const: only, enum: some, anyOf, type, items, properties, additionalProperties } = schema;
  if ($ref !== undefined) return $ref;
  if (only !== undefined) return JSON.stringify(only);
  if (some !== undefined) return some.map((each) => JSON.stringify(each)).join(" | ");
  if (anyOf !== undefined) return anyOf.map((each) => typeOf(each, indent)).join(" | ");
  if (items !== undefined) return listOf(typeOf(items, indent));
  if (properties !== undefined) return objectOf(schema, indent);
  if (additionalProperties !== undefined) return `Record<string, ${typeOf(additionalProperties, indent)}>`;
  return [type ?? "unknown"]
    .flat()
    .map((each) => (each === "integer" ? "number" : each))
    .join(" | ");
}

function listOf(each: string): string {
  return each.includes(" | ") && !each.startsWith("{") ? `(${each})[]` : `${each}[]`;
}

function objectOf({ properties = {}, required = [], additionalProperties }: Json, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([name, property]) => {
    const end = property.description === undefined ? "" : ` // ${property.description}`;
    return `${inner}${name}${required.includes(name) ? "" : "?"}: ${typeOf(property, inner)};${end}`;
  });
  const open = additionalProperties === undefined ? [] : [`${inner}[other: string]: unknown;`];
  return ["{", ...lines, ...open, `${indent}}`].join("\n");
}
