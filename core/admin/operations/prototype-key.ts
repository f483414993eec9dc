/**
 * Whether JSON names a property `__proto__`, at any depth. What checks and merges options would ignore it, or take it for the prototype of an object.
 */
export function hasPrototypeKey(json: unknown): boolean {
  const waiting = [json];
  // Not by recursion, which JSON could make too deep.
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next !== "object" || next === null) continue;
    if (Object.hasOwn(next, "__proto__")) return true;
    for (const value of Object.values(next)) waiting.push(value);
  }
  return false;
}
