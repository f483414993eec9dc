import { isDeepStrictEqual, types } from "node:util";

/**
 * Whether two values that a config gives mean the same. An object of a class that shows nothing of itself is the same only when it is the same
 * object: what it keeps in private fields or closures cannot be compared.
 */
export function sameGiven(before: unknown, after: unknown): boolean {
  return before === after || (isDeepStrictEqual(before, after) && !hasHidden(before, after, 0));
}

/** No option is that deep, and a value may contain itself: what is deeper counts as hidden. */
const DEEPEST = 16;

/** @param after equal to `before`, as far as that can be seen */
function hasHidden(before: unknown, after: unknown, depth: number): boolean {
  if (typeof before !== "object" || before === null || before === after) return false;
  if (depth > DEEPEST || typeof after !== "object" || after === null) return true;
  const keys = Object.keys(before);
  if (keys.length === 0) return !isPlain(before) && !isCompared(before);
  if (types.isArrayBufferView(before)) return false;
  return keys.some((key) => hasHidden((before as Record<string, unknown>)[key], (after as Record<string, unknown>)[key], depth + 1));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object of the config's own realm has another `Object.prototype`, whose prototype is null too.
  return Array.isArray(value) || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** What isDeepStrictEqual looks into though it has no keys. */
function isCompared(value: object): boolean {
  const kinds = [
    types.isDate,
    types.isRegExp,
    types.isMap,
    types.isSet,
    types.isAnyArrayBuffer,
    types.isArrayBufferView,
    types.isKeyObject,
  ];
  return kinds.some((is) => is(value)) || types.isBoxedPrimitive(value) || types.isNativeError(value);
}
