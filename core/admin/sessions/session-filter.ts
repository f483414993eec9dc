import { SluiceError, size } from "../../contract/index.ts";
import { didYouMean } from "../../contract/options/nearest.ts";
import type { SessionView } from "./session-view.ts";

/** Whether a session passes the filter. */
export type SessionFilter = (session: SessionView) => boolean;

/** Compares a text without regard to case. */
function having(part: string, text: (session: SessionView) => string | undefined): SessionFilter {
  const lower = part.toLowerCase();
  return (session) => text(session)?.toLowerCase().includes(lower) === true;
}

/** What each key compares. Names are compared as a whole, with `*` as wildcard; other values have to contain the given text. */
const keys: Readonly<Record<string, (value: string) => SessionFilter>> = {
  listener: (value) => named(value, ({ listener }) => [listener]),
  client: (value) => having(value, ({ client }) => client),
  upstream: (value) => having(value, ({ upstream }) => upstream),
  reason: (value) => (value === "closed" ? ({ reason }) => reason === value : having(value, ({ reason }) => reason)),
  plugin: (value) => named(value, ({ plugins }) => plugins),
  generation: (value) => numeric("generation", value),
  state: (value) => {
    if (value !== "open" && value !== "ended") throw wrong(`state: expected open or ended, got ${JSON.stringify(value)}`);
    return ({ state }) => state === value;
  },
  bytes: (value) => numeric("bytes", value),
};

const known = Object.keys(keys);
/** Keys that can be compared with `>`, `<` and so on. */
const comparable = new Set(["bytes", "generation"]);

/**
 * Reads a filter: `listener:web client:10. reason:reset plugin:retry generation:12 state:open bytes>1MiB`. All parts must be true. Values with blanks
 * need double quotes.
 *
 * @throws SLUICE_ADMIN_REQUEST that says what is wrong, and where
 */
export function sessionFilter(text: string): SessionFilter {
  const parts = Array.from(text.matchAll(/(?:[^\s"]|"[^"]*"?)+/g), ([part]) => part);
  const filters = parts.map((part) => filterOf(part));
  return (session) => filters.every((filter) => filter(session));
}

function filterOf(part: string): SessionFilter {
  const [, key = "", operator = "", given = ""] = /^([\w-]+)(:|>=|<=|>|<|=)(.*)$/s.exec(part) ?? [];
  const make = makerOf(key, part);
  const value = given.replaceAll('"', "");
  if (value === "") throw wrong(`${key}: expected a value`);
  if (operator === ":") return make(value);
  if (!comparable.has(key)) throw wrong(`${key}: expected ${key}:value, got ${JSON.stringify(part)}`);
  return make(`${operator}${value}`);
}

function makerOf(key: string, part: string): (value: string) => SessionFilter {
  if (key === "") throw wrong(`expected key:value, such as listener:web, got ${JSON.stringify(part)}; the keys are ${known.join(", ")}`);
  const make = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (make !== undefined) return make;
  throw wrong(`unknown key ${JSON.stringify(key)}${didYouMean(key, known)}; the keys are ${known.join(", ")}`);
}

function named(pattern: string, names: (session: SessionView) => readonly string[]): SessionFilter {
  if (!pattern.includes("*")) return (session) => names(session).includes(pattern);
  const expression = new RegExp(
    `^${pattern
      .split("*")
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join(".*")}$`,
  );
  return (session) => names(session).some((name) => expression.test(name));
}

function numeric(key: "bytes" | "generation", text: string): SessionFilter {
  const [, operator = "", digits = ""] = /^(>=|<=|>|<|=)?(.*)$/s.exec(text) ?? [];
  const limit = numberOf(key, digits);
  const compare = {
    ">": (value: number) => value > limit,
    "<": (value: number) => value < limit,
    ">=": (value: number) => value >= limit,
    "<=": (value: number) => value <= limit,
  }[operator];
  return (session) => (compare ?? ((value: number) => value === limit))(session[key]);
}

function numberOf(key: string, text: string): number {
  const parsed = key === "bytes" ? size().safeParse(/^\d+$/.test(text) ? Number(text) : text) : undefined;
  const value = parsed === undefined ? Number(text) : parsed.data;
  if (value !== undefined && text !== "" && Number.isFinite(value)) return value;
  throw wrong(`${key}: expected ${key === "bytes" ? 'a size such as "64KiB"' : "a number"}, got ${JSON.stringify(text)}`);
}

function wrong(detail: string): SluiceError {
  return new SluiceError("SLUICE_ADMIN_REQUEST", detail, { where: "filter" });
}
