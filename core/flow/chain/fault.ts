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

export function noChunk(emitted: unknown): SluiceError {
  return new SluiceError("SLUICE_PLUGIN_CHUNK", `a byte hook emitted ${typeof emitted}`);
}
