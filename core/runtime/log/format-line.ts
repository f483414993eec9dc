import pico from "picocolors";
import { printable, printableLines } from "../../contract/errors/printable.ts";
import { hexDump } from "./hex-dump.ts";
import { levelName } from "../../contract/config/log-level.ts";

type Fields = Readonly<Record<string, unknown>>;
type Paint = ReturnType<typeof pico.createColors>;

/** Fields that have a place of their own in the line. */
const placed = new Set(["level", "time", "listener", "plugin", "msg", "stack", "frame"]);

/**
 * Makes a record readable: `12:00:00.000 info  web/logging  session ended  client=127.0.0.1:5000 reason=closed`. What does not fit into a line
 * follows below it: a stack, a code frame, and `data` with `encoding: "hex"` in the form of `hexdump -C`.
 */
export function createLineFormat(colors: boolean): (json: string) => string {
  const paint = pico.createColors(colors);
  return (json) => {
    try {
      return formatted(JSON.parse(json) as Fields, paint);
    } catch {
      // The line is not JSON: it comes from another logger.
      return json;
    }
  };
}

function formatted(record: Fields, paint: Paint): string {
  const level = levelName(record["level"]);
  const place = [record["listener"], record["plugin"]].filter((part) => typeof part === "string").map(printable);
  const hex = record["encoding"] === "hex" && typeof record["data"] === "string" ? record["data"] : undefined;
  const hidden = (name: string): boolean => placed.has(name) || (hex !== undefined && (name === "data" || name === "encoding"));
  const fields = Object.entries(record).filter(([name]) => !hidden(name));
  const parts = [
    paint.dim(clockText(record["time"])),
    painted(level, paint),
    paint.cyan(place.join("/")),
    typeof record["msg"] === "string" ? printable(record["msg"]) : "",
    fields.map(([name, value]) => fieldText(name, value, paint)).join(" "),
  ].filter((part) => part !== "" && part !== paint.cyan(""));
  return `${[parts.join("  "), ...below(record, hex, paint)].join("\n")}\n`;
}

function below(record: Fields, hex: string | undefined, paint: Paint): string[] {
  const error = record["err"] as { readonly stack?: unknown } | undefined;
  const blocks = [record["frame"], record["stack"] ?? error?.stack].filter(
    (block) => typeof block === "string" && block !== "",
  ) as string[];
  const indented = blocks.flatMap((block) =>
    printableLines(block)
      .split("\n")
      .map((line) => `    ${line}`),
  );
  return [...indented.map((line) => paint.dim(line)), ...(hex === undefined ? [] : [hexDump(Buffer.from(hex, "hex"))])];
}

/** The local time of day, since the reader sits in front of the terminal. */
function clockText(time: unknown): string {
  const date = new Date(typeof time === "number" || typeof time === "string" ? time : Number.NaN);
  if (Number.isNaN(date.getTime())) return "";
  return `${[date.getHours(), date.getMinutes(), date.getSeconds()].map((value) => digits(value, 2)).join(":")}.${digits(date.getMilliseconds(), 3)}`;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, "0");
}

function painted(level: string, paint: Paint): string {
  const text = level.padEnd(5);
  if (level === "warn") return paint.yellow(text);
  if (level === "error" || level === "fatal") return paint.red(text);
  return level === "info" ? paint.green(text) : paint.dim(text);
}

/** `a=1`; for an object `a.b=1`. */
function fieldText(name: string, value: unknown, paint: Paint): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return Object.entries(value)
      .filter(([inner]) => inner !== "stack")
      .map(([inner, each]) => fieldText(`${name}.${inner}`, each, paint))
      .join(" ");
  return `${paint.dim(`${printable(name)}=`)}${valueText(value)}`;
}

function valueText(value: unknown): string {
  const plain = typeof value === "string" && /^[^\s"=]+$/u.test(value);
  return printable(plain ? value : JSON.stringify(value));
}
