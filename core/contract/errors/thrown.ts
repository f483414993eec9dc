/**
 * A text of a thrown error. Anything can be thrown, also by a config or a plugin: reading its properties may run code that throws, or find
 * something that is no text.
 *
 * @returns undefined if the value is no error, or has no such text
 */
export function textOf(thrown: unknown, property: "name" | "message" | "stack"): string | undefined {
  try {
    const text: unknown = thrown instanceof Error ? thrown[property] : undefined;
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
