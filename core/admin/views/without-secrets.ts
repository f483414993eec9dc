import { hidden, isSecretName, withoutUserInfo, type Override } from "../../contract/index.ts";

const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
const deepest = 8;
const most = 200;

/**
 * A value of a config as JSON, for everybody who may look at the proxy. Values that are named like a secret, private keys and the user information of
 * URLs are replaced. A value that JSON cannot express becomes the name of its kind.
 */
export function withoutSecrets(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return privateKey.test(value) ? hidden : withoutUserInfo(value);
  if (typeof value === "object" && value !== null) return depth >= deepest ? "[…]" : ofObject(value, depth + 1);
  return ofPrimitive(value);
}

/** Overrides with options that everybody may see. */
export function shownOverrides(overrides: readonly Override[]): readonly Override[] {
  return overrides.map(({ options, ...rest }) =>
    options === undefined ? rest : { ...rest, options: withoutSecrets(options) as NonNullable<Override["options"]> },
  );
}

function ofPrimitive(value: unknown): unknown {
  if (typeof value === "function") return value.name === "" ? "[function]" : `[function ${value.name}]`;
  return typeof value === "bigint" || typeof value === "symbol" ? String(value) : value;
}

function ofObject(value: object, depth: number): unknown {
  if (value instanceof Uint8Array) return privateKey.test(Buffer.from(value).toString("latin1")) ? hidden : `[${value.length} bytes]`;
  if (value instanceof RegExp || value instanceof Date || value instanceof URL) return withoutSecrets(String(value), depth);
  if (Array.isArray(value)) return value.slice(0, most).map((each) => withoutSecrets(each, depth));
  if (value instanceof Map || value instanceof Set)
    return Array.from(value as Iterable<unknown>, (each) => withoutSecrets(each, depth)).slice(0, most);
  const entries = Object.entries(value).slice(0, most);
  return Object.fromEntries(entries.map(([key, each]) => [key, isSecret(key, each) ? hidden : withoutSecrets(each, depth)]));
}

function isSecret(key: string, value: unknown): boolean {
  return isSecretName(key) && value !== undefined && typeof value !== "boolean" && typeof value !== "number";
}
