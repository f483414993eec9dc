import { isSecretName, withoutUserInfo } from "../errors/secrets.ts";
import { knownKeys } from "./known-keys.ts";
import { didYouMean } from "./nearest.ts";

/** One thing wrong in a config: where, and a sentence that says what was expected. */
export interface Problem {
  /** `listeners.web.plugins[0].level`; empty for the whole input. */
  readonly path: string;
  readonly message: string;
}

/** One thing wrong in an input: zod's own issue. */
export interface SchemaIssue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

/** What zod adds to an issue, by its code. */
interface RichIssue extends SchemaIssue {
  readonly expected?: string;
  readonly values?: readonly unknown[];
  readonly errors?: readonly (readonly SchemaIssue[])[];
  /** What is wrong with a key of a record. */
  readonly issues?: readonly SchemaIssue[];
  readonly origin?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
  readonly inclusive?: boolean;
}

/** `a.b[0]["odd key"]` */
export function optionPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    const name = String(key);
    if (!/^[\p{L}\p{N}_$-]+$/u.test(name)) return `${text}[${JSON.stringify(name)}]`;
    return text === "" ? name : `${text}.${name}`;
  }, "");
}

/** A value for the end of a message: short, on one line, without a key or the password of a URL. */
export function shown(value: unknown): string {
  if (typeof value === "string") return value.includes("-----BEGIN") ? "PEM text" : shownText(withoutUserInfo(value));
  if (typeof value === "function") return "a function";
  return typeof value === "object" && value !== null ? shownObject(value) : String(value);
}

function shownText(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/** As {@link shown}; of an option whose name says that it is a secret only the kind is told. */
function shownAt(path: readonly PropertyKey[], value: unknown): string {
  return isSecretAt(path) && /^(string|number|bigint)$/.test(typeof value) ? `a ${typeof value} that is not shown` : shown(value);
}

/** Whether the option is named like a secret, or is in a list that is. A listener may have any name. */
function isSecretAt(path: readonly PropertyKey[]): boolean {
  const [above, list, last] = [path.at(-3), path.at(-2), path.at(-1)].map(String);
  return isSecretName(last ?? "") || (above !== "listeners" && isSecretName(list ?? ""));
}

function shownObject(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  return value instanceof Promise ? "a promise (await it)" : "an object";
}

function at(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

const kinds: Readonly<Record<string, string>> = {
  int: "a whole number",
  object: "an object",
  record: "an object",
  array: "an array",
  // zod's word when any value except undefined is accepted.
  nonoptional: "a value",
};

function kind(name: string): string {
  return kinds[name] ?? `a ${name}`;
}

function bound(issue: RichIssue): string {
  const small = issue.code === "too_small";
  const limit = small ? issue.minimum : issue.maximum;
  if (issue.origin === "array" || issue.origin === "string") {
    const [one, many] = issue.origin === "array" ? ["entry", "entries"] : ["character", "characters"];
    return `expected ${small ? "at least" : "at most"} ${limit} ${Number(limit) === 1 ? one : many}`;
  }
  if (issue.inclusive === false) return `expected ${small ? "more than" : "less than"} ${limit}`;
  return `expected ${small ? "at least" : "at most"} ${limit}`;
}

/** Whether the message is the schema author's own: then it is better than one made from the code. */
function isOwnMessage({ message }: RichIssue): boolean {
  return !/^(Invalid|Too (small|big)|Unrecognized)/.test(message);
}

function ownWords({ message }: RichIssue): string {
  return message.replace(/^Invalid input(: |$)/, "") || "expected a valid value";
}

function keyExpectation({ path, issues: [wrong] = [] }: RichIssue): string {
  const reason = wrong === undefined ? "" : `: ${expectation(wrong) ?? wrong.message}`;
  return `its name is not valid${reason}, got ${shown(path.at(-1))}`;
}

function valueExpectation(values: readonly unknown[]): string {
  const texts = values.map((value) => (typeof value === "string" ? JSON.stringify(value) : String(value)));
  return texts.length === 1 ? `expected ${texts[0]}` : `expected one of ${texts.join(", ")}`;
}

/** What was expected; undefined when the issue has a message of its author. */
function expectation(issue: RichIssue): string | undefined {
  if (issue.code === "invalid_key") return keyExpectation(issue);
  if (isOwnMessage(issue)) return undefined;
  if (issue.code === "invalid_type" && issue.expected !== undefined) return `expected ${kind(issue.expected)}`;
  if (issue.code === "custom") return ownWords(issue);
  if (issue.code === "invalid_value" && issue.values !== undefined) return valueExpectation(issue.values);
  return issue.code === "too_small" || issue.code === "too_big" ? bound(issue) : undefined;
}

function sentence(issue: RichIssue, path: readonly PropertyKey[], value: unknown): string {
  const text = expectation(issue) ?? issue.message;
  const options = (issue.values ?? []).filter((each) => typeof each === "string");
  const hint = typeof value === "string" ? didYouMean(value, options) : "";
  if (/\bgot\b/.test(text)) return text + hint;
  const expects = text.startsWith("expected ");
  // An author's own message about a missing value, or about an object, is already a sentence.
  if (value === undefined) return expects ? `${text}, but it is missing` : text;
  return expects || typeof value !== "object" ? `${text}, got ${shownAt(path, value)}${hint}` : text;
}

/** The branch of a union that the input was probably meant for: its type fits and it knows the keys, so the mistake is further inside. */
function likelyBranch(branches: readonly (readonly SchemaIssue[])[]): readonly SchemaIssue[] | undefined {
  const possible = branches.filter((issues) => !issues.some(rejectsWhole));
  return possible.toSorted((a, b) => strayKeysIn(a) - strayKeysIn(b) || a.length - b.length)[0];
}

function strayKeysIn(issues: readonly SchemaIssue[]): number {
  return issues.reduce(
    (sum, { code, keys = [], path }) => (code === "unrecognized_keys" && path.length === 0 ? sum + keys.length : sum),
    0,
  );
}

/** Whether an issue says that the value is of another kind altogether. */
function rejectsWhole(issue: RichIssue): boolean {
  if (issue.path.length > 0) return false;
  return issue.code === "invalid_type" || issue.code === "invalid_value" || issue.message.startsWith("Invalid input");
}

/** An author's own message about the kind of value. A message that quotes the value is about more than its kind. */
function ownExpectation({ code, message }: RichIssue): string | undefined {
  return code === "invalid_type" && message.startsWith("expected ") && !/\bgot\b/.test(message) ? message : undefined;
}

function unionSentence(branches: readonly (readonly SchemaIssue[])[], path: readonly PropertyKey[], value: unknown): string {
  const parts = branches
    .map(([issue]) => (issue === undefined ? undefined : (expectation(issue) ?? ownExpectation(issue))))
    .filter((each) => each !== undefined);
  const expected = [...new Set(parts)].map((each) => each.replace(/^expected /, "")).join(", or ");
  const words = branches.flat().flatMap((issue: RichIssue) => (issue.values ?? []).filter((each) => typeof each === "string"));
  const hint = typeof value === "string" ? didYouMean(value, words) : "";
  const got = value === undefined ? "but it is missing" : `got ${shownAt(path, value)}`;
  return expected === "" ? `not valid, ${got}` : `expected ${expected}, ${got}${hint}`;
}

/** Turns a schema's issues into problems with the path, what was expected, what came, and the nearest known key. */
export function describeIssues(
  input: unknown,
  issues: readonly SchemaIssue[],
  schema: unknown,
  prefix: readonly PropertyKey[] = [],
): Problem[] {
  return issues.flatMap((issue: RichIssue): Problem[] => {
    const value = at(input, issue.path);
    const path = [...prefix, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const known = knownKeys(schema, issue.path);
      return (issue.keys ?? []).map((key) => ({ path: optionPath([...path, key]), message: unknownKey(key, known) }));
    }
    if (issue.code === "invalid_union" && issue.errors !== undefined && issue.message === "Invalid input") {
      const branch = likelyBranch(issue.errors);
      if (branch === undefined) return [{ path: optionPath(path), message: unionSentence(issue.errors, path, value) }];
      const moved = branch.map((each) => ({ ...each, path: [...issue.path, ...each.path] }));
      return describeIssues(input, moved, schema, prefix);
    }
    return [{ path: optionPath(path), message: sentence(issue, path, value) }];
  });
}

/** Words that others have for an option: of the options, the first that is known is meant. */
const words: readonly (readonly [word: RegExp, options: readonly string[]])[] = [
  [/^(?:host|hostname|port|bind|address)$/, ["listen", "address", "endpoints"]],
  [/^(?:target|backend|server)s?$/, ["upstream", "endpoints"]],
];

function meantBy(key: string, known: readonly string[]): string | undefined {
  return words.find(([word]) => word.test(key))?.[1].find((option) => known.includes(option));
}

/** The message for an unknown option. @param known undefined: its neighbours are not known */
export function unknownKey(key: string, known: readonly string[] | undefined): string {
  if (known === undefined) return "unknown option";
  const meant = meantBy(key, known);
  const hint = meant === undefined ? didYouMean(key, known) : `, did you mean "${meant}"?`;
  if (hint !== "") return `unknown option${hint}`;
  return known.length === 0 ? "unknown option: it takes none" : `unknown option, expected one of ${known.join(", ")}`;
}
