import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { reasonOf } from "sluice";
import { isMap, isScalar, type Node, type Scalar, type YAMLMap } from "yaml";
import { bytesOfHex } from "./hex-text.ts";
import type { Ending, Entry, MatchRule, Side } from "./recording.ts";
import type { RecordingSource } from "./recording-source.ts";

const WORDS = new Set(["session", "from", "at", "text", "hex", "base64", "file", "match", "capture", "template", "close", "how"]);
const RULES = new Set(["prefix", "regexp", "length", "until"]);
const CONTENTS = ["text", "hex", "base64", "file"] as const;
const UNITS: Readonly<Record<string, number>> = { "": 1, ms: 1, s: 1_000, m: 60_000 };

/** Reads an entry and the session to which it belongs. @throws SLUICE_RECORDING_INVALID */
export function readEntry(item: Node, source: RecordingSource): [unknown, Entry] {
  if (!isMap(item)) throw source.wrong(item, "expected an entry with from or close");
  const map: YAMLMap = item;
  source.refuseUnknown(map, WORDS);
  const session = map.get("session") ?? 1;
  const at = timeOf(map, source);
  if (map.has("close")) return [session, { close: sideOf(map, "close", source), at, how: endingOf(map, source) }];
  const from = sideOf(map, "from", source);
  const where = source.placeOf(map);
  const [rule, capture] = [ruleOf(map, source), captureOf(map, source)];
  const template = map.get("template") ?? false;
  if (typeof template !== "boolean") throw source.wrong(map.get("template", true), "expected template: true or false");
  return [session, { from, at, bytes: contentOf(map, { optional: rule !== undefined, template }, source), rule, capture, template, where }];
}

function sideOf(map: YAMLMap, key: string, source: RecordingSource): Side {
  const side = map.get(key);
  if (side === "client" || side === "upstream") return side;
  throw source.wrong(map.get(key, true) ?? map, `expected ${key}: client or upstream`);
}

function endingOf(map: YAMLMap, source: RecordingSource): Ending {
  const how = map.get("how") ?? "fin";
  if (how === "fin" || how === "reset" || how === "idle") return how;
  throw source.wrong(map.get("how", true), "expected how: fin, reset or idle");
}

function timeOf(map: YAMLMap, source: RecordingSource): number {
  const at: unknown = map.get("at") ?? 0;
  const [, digits, unit = ""] =
    /^(\d+(?:\.\d+)?) ?(ms|s|m|)$/.exec(typeof at === "string" || typeof at === "number" ? String(at) : "") ?? [];
  if (digits === undefined) throw source.wrong(map.get("at", true), 'expected a time such as "1.5ms" or "2s"');
  return Number(digits) * (UNITS[unit] ?? 1);
}

interface Expected {
  /** A rule describes the message, which then needs no bytes. */
  readonly optional: boolean;
  readonly template: boolean;
}

function contentOf(map: YAMLMap, { optional, template }: Expected, source: RecordingSource): Buffer {
  const given = CONTENTS.filter((key) => map.has(key));
  const [key] = given;
  if (key === undefined && optional) return Buffer.alloc(0);
  const node: unknown = key === undefined ? undefined : map.get(key, true);
  if (key === undefined || given.length > 1 || !isScalar(node)) throw source.wrong(map, "expected one of text, hex, base64 and file");
  return read[key](textOf(node), (message) => source.wrong(node, message), { template, recording: source.file });
}

/** The text of a value, even if YAML reads it as a number (`hex: 50`). */
function textOf({ type, source, value }: Scalar): string {
  return type === "PLAIN" && source !== undefined ? source : String(value);
}

interface Around {
  readonly template: boolean;
  /** The recording's own file. */
  readonly recording: string;
}

const read: Record<(typeof CONTENTS)[number], (text: string, wrong: (message: string) => Error, around: Around) => Buffer> = {
  text: (text) => Buffer.from(text),
  base64: (text) => Buffer.from(text, "base64"),
  hex(text, wrong, { template }) {
    const bytes = bytesOfHex(text, template);
    if (bytes === undefined) throw wrong("expected pairs of hex digits, or what hexdump -C prints; with template: true, ${name} too");
    return bytes;
  },
  file(name, wrong, { recording }) {
    try {
      const body = path.resolve(path.dirname(recording), name);
      if (!statSync(body).isFile()) throw new Error("it is no file");
      return readFileSync(body);
    } catch (error) {
      throw wrong(`it cannot be read: ${reasonOf(error)}`);
    }
  },
};

function ruleOf(map: YAMLMap, source: RecordingSource): MatchRule | undefined {
  const node: unknown = map.get("match", true);
  if (isMap(node)) return partsOf(node, source);
  const word = isScalar(node) ? node.value : node;
  if (word === undefined || word === "exact") return undefined;
  if (word === "any") return {};
  throw source.wrong(node, "expected match: exact, any, or some of prefix, regexp, length and until");
}

function partsOf(rule: YAMLMap, source: RecordingSource): MatchRule {
  source.refuseUnknown(rule, RULES);
  const text = (key: string): Buffer | undefined => (rule.has(key) ? Buffer.from(String(rule.get(key))) : undefined);
  const length: unknown = rule.get("length");
  if (length !== undefined && !(Number.isInteger(length) && Number(length) > 0))
    throw source.wrong(rule, "expected length: a number of bytes");
  const regexp = rule.has("regexp") ? source.regexp(rule.get("regexp", true) as Node) : undefined;
  // A stream has no marks between messages, and an expression cannot tell whether more data would match, so a message ends with its line.
  const line = regexp !== undefined && length === undefined ? Buffer.from("\n") : undefined;
  return { prefix: text("prefix"), regexp, length: length as number | undefined, until: text("until") ?? line };
}

function captureOf(map: YAMLMap, source: RecordingSource): ReadonlyMap<string, RegExp> | undefined {
  const node = map.get("capture", true) as Node | undefined;
  if (node === undefined) return undefined;
  if (!isMap(node)) throw source.wrong(node, 'expected capture: a name with its expression, such as { id: "id=(\\\\d+)" }');
  return new Map(node.items.map(({ key, value }) => [String(key), source.regexp(value as Node)]));
}
