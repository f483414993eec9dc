import type { UpstreamConfig } from "./upstream.ts";

const numbers = new WeakMap<object, number>();
let last = 0;

/**
 * A text that is the same for the same upstream, for whoever keeps something of each that is chosen at run time. Functions and expressions in
 * it are the same only when they are the same object, since nothing shows what they close over.
 */
export function upstreamKey(upstream: UpstreamConfig): string {
  return JSON.stringify(upstream, (_key, value: unknown) => {
    if (typeof value !== "function" && !(value instanceof RegExp)) return value;
    const known = numbers.get(value) ?? (last += 1);
    numbers.set(value, known);
    return `function ${known}`;
  });
}
