import { isObservable } from "rxjs";
import { reasonOf, SluiceError } from "../../contract/index.ts";

const plugins = new WeakMap<object, string>();

/** Notes which plugin threw an error. Only the first note counts: it is the one nearest to the error. */
export function blamed(error: unknown, plugin: string | undefined): unknown {
  if (plugin === undefined || (typeof error === "object" && error !== null && plugins.has(error))) return error;
  const object = typeof error === "object" && error !== null ? error : new Error(reasonOf(error));
  plugins.set(object, plugin);
  return object;
}

/** The plugin noted by {@link blamed}. */
export function blameOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null ? plugins.get(error) : undefined;
}

/** An exception in a hook, as the session and the log see it. */
export function faultOf(plugin: string | undefined, error: unknown): SluiceError {
  if (SluiceError.is(error)) return error;
  return new SluiceError("SLUICE_PLUGIN_FAILED", `plugin "${plugin ?? "unknown"}": ${reasonOf(error)}`, { cause: error });
}

/** Whether an error is an answer instead of a fault: a SluiceError not caused by a plugin. It ends the session, also with onError "bypass". */
export function isAnswer(error: unknown): boolean {
  return SluiceError.is(error) && error.source !== "plugin";
}

/** Something that is no chunk. Its kind is told and not its value, which may be what a session sends. @param giver who gave it, and the verb */
export function noChunk(value: unknown, giver: string): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_CHUNK", `${giver} ${kindOf(value)}`);
}

/** For {@link noChunk}: the functions that users write. */
export const emittedByHook = "a byte hook emitted";
export const returnedByStage = "the function of an each() or carry() returned";
export const returnedByEnd = "the end() of a carry() returned";

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (typeof value === "string") return "a string, of which Buffer.from(text) makes a Buffer";
  if (Array.isArray(value)) return "an array, of which Buffer.concat(list) makes a Buffer";
  if (isObservable(value)) return "an Observable";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
