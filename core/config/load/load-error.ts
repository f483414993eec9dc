import path from "node:path";
import { inspect } from "node:util";
import { reasonOf, SluiceError, textOf } from "../../contract/index.ts";
import { codeFrame, placeText, type SourcePlace } from "../explain/code-frame.ts";
import { importCircle, type Importers } from "./import-circle.ts";
import { MissingModule } from "./import-error.ts";
import { placeAbove, placeInStack } from "../explain/stack-place.ts";

/** The sources of one load, by file. */
type Sources = Importers["sources"];

/** V8's message for a binding that is read before the line that declares it has run. */
const tooEarly = "Cannot access";

function hint(message: string, circle: readonly string[] | undefined): string {
  if (circle !== undefined) {
    const names = circle.map((file) => path.basename(file)).join(" -> ");
    return `. These modules import each other in a circle: ${names}. Use it inside a function, move it into a module of its own, or \`import type\` what is only a type, and inject it by a token`;
  }
  if (message.startsWith(tooEarly)) return ". It is used above the line that declares it";
  const name = notCallable.exec(message)?.[1];
  return name === undefined ? "" : `. Is ${name} exported by the module it is imported from?`;
}

/** V8's message for an import that is called and does not exist, with its name in the compiled code. */
const notCallable = /^\(0 , _?\w*\.(\w+)\)(?= is not a (?:function|constructor))/;

/** Wraps what a config threw while it was evaluated; an error that already has a place passes. */
export function loadError(value: unknown, entry: string, modules: Importers): SluiceError {
  const { sources } = modules;
  const thrown = comparable(value);
  const placed = thrown instanceof MissingModule ? thrown.placed : thrown;
  if (SluiceError.is(placed) && isPlaced(placed)) return framed(placed, sources);
  const stack = textOf(thrown, "stack");
  const innermost = placeInStack(stack, (file) => sources.has(file));
  const circle = innermost !== undefined && isTooEarly(thrown) ? importCircle(innermost.file, modules) : undefined;
  // An import is read through a function of the module that exports it: the module that imports it in a circle is the next on the stack.
  const reader = circle === undefined ? undefined : placeInStack(stack, (file) => sources.has(file) && file !== innermost?.file);
  const place = reader ?? innermost;
  const where = place === undefined ? entry : placeText(place);
  return new SluiceError("SLUICE_CONFIG_THREW", `threw ${described(thrown, circle)}`, { where, ...frameAt(place, sources), cause: thrown });
}

/** A JavaScript Proxy may throw even when it is asked for its class. */
function comparable(thrown: unknown): unknown {
  try {
    void (thrown instanceof Error);
    return thrown;
  } catch {
    return reasonOf(thrown);
  }
}

function isPlaced({ where }: SluiceError): boolean {
  return where !== undefined && path.isAbsolute(where);
}

function isTooEarly(thrown: unknown): boolean {
  return textOf(thrown, "name") === "ReferenceError" && reasonOf(thrown).startsWith(tooEarly);
}

function described(thrown: unknown, circle: readonly string[] | undefined): string {
  const [name, reason] = [textOf(thrown, "name"), reasonOf(thrown)];
  // The place of a syntax error in a package, which was loaded by a call.
  const above = placeAbove(textOf(thrown, "stack"));
  if (name !== undefined)
    return `${name}${above === undefined ? "" : ` in ${placeText(above)}`}: ${reason.replace(notCallable, "$1")}${hint(reason, circle)}`;
  try {
    return reasonOf(inspect(thrown, { depth: 1, breakLength: Infinity }));
  } catch {
    return reason;
  }
}
function frameAt(place: SourcePlace | undefined, sources: Sources): { frame?: string } {
  const source = place === undefined ? undefined : sources.get(place.file)?.source;
  return place === undefined || source === undefined ? {} : { frame: codeFrame(source, place.line, place.column) };
}

/** Adds the code frame to an error that has only a place. */
function framed(error: SluiceError, sources: Sources): SluiceError {
  if (error.frame !== undefined || error.where === undefined) return error;
  const [, file = "", line, column] = /^(.+):(\d+):(\d+)$/.exec(error.where) ?? [];
  const { frame } = frameAt({ file, line: Number(line), column: Number(column) }, sources);
  if (frame === undefined) return error;
  // `frame` is read-only for others; it is set once, here, where the source is known.
  return Object.assign(error, { frame });
}
