import type { Size } from "../../contract/index.ts";
import { checkMax, checkOptions } from "../../contract/options/arguments.ts";
import type { Codec } from "../framing/codec.ts";
import { FrameCodec } from "../framing/frame-codec.ts";
import { noFrame } from "../framing/frame-error.ts";
import { inlineCommand, RespParser } from "./resp-parser.ts";
import { isRespType, RespScanner } from "./resp-scanner.ts";
import type { RespPair, RespValue } from "./resp-value.ts";
import { bytesOf } from "../formats/text.ts";

/** Options of {@link resp}. */
export interface RespOptions {
  /** Most bytes of a value, with everything inside it. @default 1 MiB */
  readonly max?: Size;
}

/**
 * Messages are the commands and replies of Redis: RESP2 and RESP3, and inline commands. A blank line goes on as it is. RESP3's streamed strings
 * and aggregates, which no server sends, are refused.
 *
 * @throws SLUICE_PLUGIN_ARGUMENT for an invalid `max`
 * @example data.pipe(messages(resp(), each((value) => (value.type === "error" ? { type: "error", value: "ERR no" } : value))))
 */
export function resp(options: RespOptions = {}): Codec<RespValue> {
  checkOptions("resp", options, ["max"]);
  const most = checkMax("resp", options.max);
  return new FrameCodec<RespValue>({
    isView: false,
    scanner: () => new RespScanner(most),
    message: (bytes, start, end) =>
      isRespType(bytes[start] ?? 0) ? new RespParser(bytes, start).value() : inlineCommand(bytes, start, end),
    encode: (value) => Buffer.concat(partsOf(value)),
  });
}

const line = (type: string, text: string): Buffer => {
  if (/[\r\n]/.test(text)) throw noFrame("RESP: a line break in a value of one line", Buffer.from(text));
  return bytesOf(type + text, "utf8", "\r\n");
};
const bulk = (type: string, ...parts: readonly Buffer[]): Buffer[] => [
  line(type, String(parts.reduce((sum, { length }) => sum + length, 0))),
  ...parts,
  Buffer.from("\r\n"),
];
const several = (type: string, values: readonly RespValue[]): Buffer[] => [line(type, String(values.length)), ...values.flatMap(partsOf)];
const pairs = (type: string, values: readonly RespPair[]): Buffer[] => [
  line(type, String(values.length)),
  ...values.flatMap(([key, value]) => [...partsOf(key), ...partsOf(value)]),
];

type Writers = { readonly [T in RespValue["type"]]: (value: Extract<RespValue, { type: T }>) => Buffer[] };

/** How each type is written. */
const writers: Writers = {
  string: ({ value }) => [line("+", value)],
  error: ({ value }) => [line("-", value)],
  inline: ({ value }) => [line("", value)],
  bulk: ({ value }) => (value === null ? [line("$", "-1")] : bulk("$", value)),
  "bulk-error": ({ value }) => bulk("!", value),
  verbatim: ({ format, value }) => bulk("=", Buffer.from(`${format.slice(0, 3).padEnd(3)}:`, "latin1"), value),
  integer: ({ value }) => [line(":", String(value))],
  double: ({ value }) => [line(",", doubleText(value))],
  "big-number": ({ value }) => [line("(", String(value))],
  boolean: ({ value }) => [line("#", value ? "t" : "f")],
  null: () => [line("_", "")],
  array: ({ value }) => (value === null ? [line("*", "-1")] : several("*", value)),
  set: ({ value }) => several("~", value),
  push: ({ value }) => several(">", value),
  map: ({ value }) => pairs("%", value),
  attribute: ({ value, of }) => [...pairs("|", value), ...partsOf(of)],
};

function partsOf(value: RespValue): Buffer[] {
  const write = Object.hasOwn(writers, value.type) ? (writers[value.type] as (value: RespValue) => Buffer[]) : undefined;
  if (write === undefined) throw noFrame(`RESP: a value of type ${value.type}`);
  return write(value);
}

function doubleText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
