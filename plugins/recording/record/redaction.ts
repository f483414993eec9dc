import { REDACTED } from "../format/recording.ts";
import { TimeLimit } from "./time-limit.ts";

/**
 * Expressions for secrets: the first group is recorded, the rest is not. What comes before a secret has a bound everywhere, so that a search takes
 * time by the size of the data alone, whatever a peer sends.
 */
const looksSecret: readonly RegExp[] = [
  // Fields of forms, JSON, URLs, connection strings.
  ...valuesOf("password|passwd|pwd|secret|token|api[_-]?key"),
  // The password in a URL.
  /(\b[a-z][a-z\d+.-]{0,30}:\/\/[^\s:@/?#]{0,200}:)[^\s@/?#]+(?=@)/gi,
  // SQL: ALTER ROLE ann PASSWORD 'x', CREATE USER … IDENTIFIED BY 'x'.
  /(\b(?:password|identified by)\s+e?')(?:[^'\\]|''|\\.)*/gi,
  // Header fields of HTTP.
  /(^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key):[ \t]*)[^\r\n]+/gim,
  // The same fields in JSON, from a server that describes the request.
  ...expressionsOf(jsonAfter(String.raw`"(?:authorization|proxy-authorization|cookie|set-cookie)"\s*:\s*`)),
  // Redis: AUTH, as an inline command and as an array.
  /(^(?:hello[ \t]+\d+[ \t]+)?auth[ \t]+)[^\r\n]+/gim,
  /(\r\nauth\r\n\$)\d+\r\n[^\r\n]*(?:\r\n\$\d+\r\n[^\r\n]*)?/gi,
  // FTP, POP3, IMAP.
  /(^pass[ \t]+)[^\r\n]+/gim,
  /(^[a-z]*\d+ login )[^\r\n]+/gim,
  // PostgreSQL: PasswordMessage and SASL responses.
  /(^p\0\0)[^]+/g,
];

/** Expressions for the value after a name and `=` or `:` (a quoted text, a list of them, or a word), of a part of a form, and of an element of XML. */
function valuesOf(names: string): RegExp[] {
  const name = `(?:${names})`;
  const before = String.raw`${name}["']?\s*[=:]\s*`;
  return expressionsOf([
    ...jsonAfter(before),
    String.raw`(${before}')(?:[^'\\]|\\.)*`,
    String.raw`(${before})(?!\[\s*")[^\s"'&;,]+`,
    String.raw`(\bname="[^"\r\n]{0,60}${name}"[^\r\n]{0,200}\r\n(?:[^\r\n]{1,200}\r\n){0,8}\r\n)(?:(?!\r\n--)[^])+`,
    String.raw`(<[^<>/]{0,60}${name}(?:\s[^<>]{0,200})?(?<!/)>)[^<]+`,
  ]);
}

/** For a quoted text, and for a list of them, which need not be complete: what is cut off is a secret too. */
function jsonAfter(before: string): string[] {
  const text = String.raw`(?:[^"\\]|\\.)*`;
  return [`(${before}")${text}`, String.raw`(${before}\[\s*")${text}(?:"\s*,\s*"${text})*`];
}

function expressionsOf(texts: readonly string[]): RegExp[] {
  return texts.map((text) => new RegExp(text, "gi"));
}

/** Milliseconds for the expressions of a user, for each MiB that they search. Theirs may take exponential time on what a peer sends. */
const MS_PER_MIB = 100;
const MIB = 1024 * 1024;

/** Replaces everything that looks like a password in the data of a session. @returns undefined when a user's expression took too long */
export type Redactor = (parts: readonly Buffer[]) => readonly Buffer[] | undefined;

/** @param more expressions, or names of fields */
export function redactor(more: readonly (string | RegExp)[]): Redactor {
  const bounded = [
    ...looksSecret,
    ...more.flatMap((each) => (typeof each === "string" ? valuesOf(each.replaceAll(/[^\w]/g, String.raw`\$&`)) : [])),
  ];
  const own = more.flatMap((each) =>
    typeof each === "string" ? [] : new RegExp(`()(?:${each.source})`, each.flags.includes("g") ? each.flags : `${each.flags}g`),
  );
  if (own.length === 0) return (parts) => parts.map((bytes) => without(bytes, bounded));
  const limit = new TimeLimit();
  return (parts) => {
    const size = parts.reduce((sum, { length }) => sum + length, 0);
    const rest = parts.map((bytes) => without(bytes, bounded));
    return limit.run(MS_PER_MIB * Math.max(1, Math.ceil(size / MIB)), () => rest.map((bytes) => without(bytes, own)));
  };
}

const marker = REDACTED.toString("latin1");

function without(bytes: Buffer, expressions: readonly RegExp[]): Buffer {
  const text = bytes.toString("latin1");
  const redacted = expressions.reduce(
    (given, expression) => given.replaceAll(expression, (_all, kept: string) => `${kept}${marker}`),
    text,
  );
  return redacted === text ? bytes : Buffer.from(redacted, "latin1");
}
