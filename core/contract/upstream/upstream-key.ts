import type { UpstreamConfig } from "./upstream.ts";

const numbers = new WeakMap<object, number>();
let last = 0;

/**
 * A text that is equal for equal upstreams: a key for what is kept for each upstream that is chosen at run time. Functions and regular
 * expressions are equal only when they are the same object, since nothing shows what they close over.
 */
export function upstreamKey(upstream: UpstreamConfig): string {
  return JSON.stringify(upstream, (_key, value: unknown) => {
    if (typeof value !== "function" && !(value instanceof RegExp)) return value;
    const known = numbers.get(value) ?? (last += 1);
    numbers.set(value, known);
    return `function ${known}`;
  });
}
