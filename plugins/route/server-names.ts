import { domainToASCII } from "node:url";

const name = /^(\*|(\*\.)?[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$/;

/** A server name as in a ClientHello: ASCII, lower case, without a final dot; a leading `*.` stays. Undefined when it is not a name. */
export function serverName(text: string): string | undefined {
  const [, star = "", rest = ""] = /^(\*\.)?(.*?)\.?$/s.exec(text) ?? [];
  // oxlint-disable-next-line no-control-regex -- all ASCII characters
  const ascii = /^[\u0000-\u007f]*$/.test(rest) ? rest.toLowerCase() : domainToASCII(rest);
  const found = `${star}${ascii}`;
  return name.test(found) ? found : undefined;
}

/** Whether a name matches a pattern: `a.test`, `*.a.test` for everything below it, `*` for every name. */
export function matchesName(pattern: string, given: string): boolean {
  if (pattern === "*") return true;
  return pattern.startsWith("*.") ? given.length > pattern.length - 1 && given.endsWith(pattern.slice(1)) : given === pattern;
}
