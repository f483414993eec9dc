import { shown } from "../../contract/options/describe-issues.ts";

function uncalled(value: { readonly name: string }): string {
  const id = "definition" in value ? (value.definition as { id: string }).id : value.name;
  return id === "" ? "got a function: call it: plugin()" : `got the function ${id}: call it: ${id}()`;
}

function confused(value: unknown): string {
  if (typeof value === "function") return uncalled(value);
  if (value instanceof Promise) return "got a promise: await it";
  if (value === undefined) return "got undefined: does the module it is imported from export it?";
  if (typeof value === "boolean" || value === null) return `got ${String(value)}: to switch a plugin off, give it { enabled: false }`;
  if (typeof value === "object" && "definition" in value) {
    return "got one of another copy of sluice (or a spread of one): install sluice once, and pass options to its factory";
  }
  return `got ${shown(value)}: call a factory, such as logging()`;
}

/** The message for something in `plugins` that is not a plugin use, with what to do about it. */
export function notAUse(value: unknown): string {
  return `expected a plugin use, ${confused(value)}`;
}
