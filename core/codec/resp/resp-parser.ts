import { noFrame } from "../framing/frame-error.ts";
import { countIn, isRespType } from "./resp-scanner.ts";
import type { RespPair, RespValue } from "./resp-value.ts";
import { textOf } from "../formats/text.ts";

/** Redis nests seven levels (COMMAND DOCS); without a limit, a peer could make the parser run out of stack. */
const MAX_DEPTH = 128;

/** Makes a value from its bytes. The scanner has checked that all of them are there. */
export class RespParser {
  #depth = 0;

  constructor(
    private readonly bytes: Buffer,
    private at: number,
  ) {}

  /** @throws SLUICE_PLUGIN_FRAME */
  value(): RespValue {
    const { bytes } = this;
    const type = String.fromCharCode(bytes[this.at] ?? 0);
    const start = this.at + 1;
    const newline = bytes.indexOf("\n", start);
    this.at = newline + 1;
    const one = simple(type, textOf(bytes, "utf8", start, newline - 1)) ?? this.#bulk(type, start, newline - 1);
    return one ?? this.#nested(type, countIn(bytes, start, newline - 1));
  }

  #bulk(type: string, start: number, end: number): RespValue | undefined {
    if (!"$!=".includes(type)) return undefined;
    const length = countIn(this.bytes, start, end);
    if (length < 0 && type === "$") return { type: "bulk", value: null };
    const value = this.bytes.subarray(this.at, this.at + length);
    const behind = this.bytes.subarray(this.at + length, this.at + length + 2);
    if (length < 0 || behind.toString("latin1") !== "\r\n") throw noFrame("RESP: a bulk string that does not end in CR LF", behind);
    this.at += length + 2;
    if (type === "$") return { type: "bulk", value };
    if (type === "!") return { type: "bulk-error", value };
    if (value[3] !== 0x3a) throw noFrame("RESP: a verbatim string without its format", value);
    return { type: "verbatim", format: value.toString("latin1", 0, 3), value: value.subarray(4) };
  }

  #nested(type: string, count: number): RespValue {
    if (count < 0) {
      if (type === "*") return { type: "array", value: null };
      throw noFrame(`RESP: a null of type ${type}`);
    }
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) throw noFrame(`RESP: values nested in more than ${MAX_DEPTH} levels`);
    const nested = this.#members(type, count);
    this.#depth -= 1;
    return nested;
  }

  #members(type: string, count: number): RespValue {
    if (type === "%") return { type: "map", value: this.#pairs(count) };
    if (type === "|") {
      const value = this.#pairs(count);
      return { type: "attribute", value, of: this.value() };
    }
    const value = Array.from({ length: count }, () => this.value());
    return { type: type === "*" ? "array" : type === "~" ? "set" : "push", value };
  }

  #pairs(count: number): RespPair[] {
    return Array.from({ length: count }, () => [this.value(), this.value()] as const);
  }
}

/** A command written as a line; undefined for a blank line. */
export function inlineCommand(bytes: Buffer, start: number, end: number): RespValue | undefined {
  if (isRespType(bytes[start] ?? 0)) return undefined;
  const stop = bytes[end - 2] === 0x0d && end - 2 >= start ? end - 2 : end - 1;
  const value = textOf(bytes, "utf8", start, stop);
  return value.trim() === "" ? undefined : { type: "inline", value };
}

/** The value of a type that is one line; undefined for another type. */
function simple(type: string, text: string): RespValue | undefined {
  if (type === "+") return { type: "string", value: text };
  if (type === "-") return { type: "error", value: text };
  if (type === ":") return { type: "integer", value: integerOf(text) };
  if (type === "_") return { type: "null" };
  if (type === "#") return { type: "boolean", value: booleanOf(text) };
  if (type === ",") return { type: "double", value: doubleOf(text) };
  if (type === "(") return { type: "big-number", value: bigOf(text) };
  return undefined;
}

function bigOf(text: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw noFrame("RESP: no integer", Buffer.from(text));
  return BigInt(text.replace("+", ""));
}

function integerOf(text: string): number | bigint {
  const small = Number(text);
  return /^-?\d+$/.test(text) && Number.isSafeInteger(small) && !Object.is(small, -0) ? small : bigOf(text);
}

function booleanOf(text: string): boolean {
  if (text !== "t" && text !== "f") throw noFrame("RESP: no boolean", Buffer.from(text));
  return text === "t";
}

function doubleOf(text: string): number {
  const special = { inf: Infinity, "+inf": Infinity, "-inf": -Infinity, nan: NaN, "-nan": NaN }[text.toLowerCase()];
  if (special !== undefined) return special;
  if (!/^[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?$/i.test(text)) throw noFrame("RESP: no double", Buffer.from(text));
  return Number(text);
}
