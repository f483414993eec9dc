import { hookNames } from "../../contract/index.ts";
import { shown } from "../../contract/options/describe-issues.ts";
import { isClass } from "../../contract/plugin/define-plugin.ts";

// oxlint-disable-next-line typescript/no-unsafe-function-type -- any function at all
function uncalled(value: Function): string {
  if (isClass(value)) return `got the class ${value.name}: call what definePlugin("some-name", ${value.name}) returns`;
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
  if (typeof value === "object" && hookNames.some((name) => name in value))
    return 'got an object with hooks: call what definePlugin("some-name", () => hooks) returns';
  return `got ${shown(value)}: call a factory, such as logging()`;
}

/** The message for something in `plugins` that is not a plugin use, with what to do about it. */
export function notAUse(value: unknown): string {
  return `expected a plugin use, ${confused(value)}`;
}
