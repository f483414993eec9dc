import { parse, type ObjectExpression, type Property } from "acorn";

type Entries = Readonly<Record<string, unknown>>;

/**
 * Adds keys to an object of a JSON text, which may have comments. Everything else stays as it is written: values, order, layout and comments.
 *
 * @param path the keys that lead to the object; it is made when it is absent
 * @throws SyntaxError for a text that is not a JSON object
 */
export function addToJson(text: string, path: readonly string[], entries: Entries): string {
  if (Object.keys(entries).length === 0) return text;
  const commas: number[] = [];
  // JSON with comments is an expression of JavaScript. The bracket in front of it moves all offsets by one.
  const [statement] = parse(`(${text}\n)`, { ecmaVersion: "latest", onTrailingComma: (at) => commas.push(at) }).body;
  if (statement?.type !== "ExpressionStatement" || statement.expression.type !== "ObjectExpression")
    throw new SyntaxError("expected a JSON object");
  let object = statement.expression;
  for (const [depth, key] of path.entries()) {
    const value = valueAt(object, key);
    if (value === undefined) return insert(text, object, commas, { [key]: nested(path.slice(depth + 1), entries) });
    if (value.type !== "ObjectExpression") throw new SyntaxError(`expected an object at ${path.slice(0, depth + 1).join(".")}`);
    object = value;
  }
  const names = propertiesOf(object).map(({ key }) => (key.type === "Literal" ? key.value : undefined));
  const absent = Object.fromEntries(Object.entries(entries).filter(([name]) => !names.includes(name)));
  return Object.keys(absent).length === 0 ? text : insert(text, object, commas, absent);
}

function valueAt(object: ObjectExpression, name: string): Property["value"] | undefined {
  return propertiesOf(object).find(({ key }) => key.type === "Literal" && key.value === name)?.value;
}

function propertiesOf({ properties }: ObjectExpression): Property[] {
  return properties.filter((each) => each.type === "Property");
}

function nested(path: readonly string[], entries: Entries): Entries {
  return path.reduceRight<Entries>((inner, key) => ({ [key]: inner }), entries);
}

function insert(text: string, object: ObjectExpression, commas: readonly number[], entries: Entries): string {
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const last = propertiesOf(object).at(-1);
  const close = object.end - 2;
  // After the last text before the bracket, which may be a comment.
  const before = text.slice(0, close).trimEnd();
  const own = indentBefore(text, object.start - 1);
  const isOneLine = last !== undefined && !text.slice(object.start - 1, close).includes("\n");
  const step = isOneLine ? "" : last === undefined ? `${own}  ` : indentBefore(text, last.start - 1);
  const lines = Object.entries(entries).map(([key, value]) => `${JSON.stringify(key)}: ${written(value, step, newline)}`);
  const added = isOneLine ? ` ${lines.join(", ")} ` : lines.map((line) => `${newline}${step}${line}`).join(",");
  const tail = isOneLine ? "" : `${newline}${own}`;
  const end = last === undefined ? 0 : last.end - 1;
  const hasComma = last === undefined || commas.some((at) => at - 1 >= end && at - 1 < close);
  const head = hasComma ? before : `${before.slice(0, end)},${before.slice(end)}`;
  return `${head}${added}${tail}${text.slice(close)}`;
}

/** The indentation of the line with an offset. */
function indentBefore(text: string, at: number): string {
  const start = text.lastIndexOf("\n", at - 1) + 1;
  return /^[ \t]*/.exec(text.slice(start, at))?.[0] ?? "";
}

function written(value: unknown, indent: string, newline: string): string {
  return (JSON.stringify(value, undefined, indent === "" ? undefined : "  ") ?? "null").replaceAll("\n", `${newline}${indent}`);
}
