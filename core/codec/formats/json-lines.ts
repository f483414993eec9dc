import { reasonOf, type Size } from "../../contract/index.ts";
import { checkMax, checkOptions, wrongArgument } from "../../contract/options/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { FrameCodec } from "../framing/frame-codec.ts";
import { noFrame } from "../framing/frame-error.ts";
import { LineFraming } from "./lines.ts";

/** The schema that a message is checked with, such as a zod schema. */
export interface MessageSchema<T> {
  /** Checks a value, as zod's schemas do. */
  safeParse(
    input: unknown,
  ): { readonly success: true; readonly data: T } | { readonly success: false; readonly error: { readonly message: string } };
}

/** Options of {@link jsonLines}. */
export interface JsonLinesOptions<T> {
  /** Most bytes of a line. @default 1 MiB */
  readonly max?: Size;
  /** Checks each value; its output is the message. @default any JSON */
  readonly schema?: MessageSchema<T>;
}

/**
 * Messages are JSON values, one per line (NDJSON). Blank lines go on as they are. A message is written by `JSON.stringify`, also an unchanged one:
 * spaces, and digits beyond the 15 that a JavaScript number keeps, are not preserved.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT for an invalid option
 * @example data.pipe(messages(jsonLines<{ user: string }>(), each((event) => ({ ...event, user: "…" }))))
 */
export function jsonLines<T = unknown>(options: JsonLinesOptions<T> = {}): Codec<T> {
  checkOptions("jsonLines", options, ["max", "schema"]);
  const { max, schema } = options;
  if (schema !== undefined && typeof schema.safeParse !== "function") throw wrongArgument("jsonLines", "schema must be a zod schema");
  const text = new LineFraming("\n", checkMax("jsonLines", max), "utf8");
  return new FrameCodec<T>({
    isView: false,
    scanner: () => text.scanner(),
    message: (bytes, start, end) => parsed(text.message(bytes, start, end), schema),
    last: (rest) => parsed(text.last(rest), schema),
    encode: (message) => text.encode(written(message)),
  });
}

function parsed<T>(line: string, schema: MessageSchema<T> | undefined): T | undefined {
  if (line.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw noFrame("a line is no JSON", Buffer.from(line.slice(0, 100)), error);
  }
  if (schema === undefined) return value as T;
  const result = schema.safeParse(value);
  if (!result.success) throw noFrame(`the schema refuses a line: ${refusalIn(result.error)}`);
  return result.data;
}

/** On one line: the message of a zod error is its issues as JSON. */
function refusalIn(error: unknown): string {
  const { issues } = error as { readonly issues?: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[] };
  if (!Array.isArray(issues)) return reasonOf(error);
  return issues.map(({ path, message }) => [path.map(String).join("."), message].filter((part) => part !== "").join(": ")).join("; ");
}

function written(message: unknown): string {
  const text = JSON.stringify(message) as string | undefined;
  if (text === undefined) throw noFrame(`a message that is no JSON: ${typeof message}`);
  return text;
}
