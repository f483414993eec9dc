import { reasonOf, SluiceError, type ErrorCode } from "../contract/index.ts";

/** Where the plugins of a listener stand, for messages. */
export interface PluginSite {
  readonly listener: string;
  /** The config's file; undefined for a config given in-process. */
  readonly file: string | undefined;
  /** The place in the user's own source that an error came from: `file:line:column`. */
  readonly locate: (error: unknown) => string | undefined;
}

/** A step in a plugin's life, for messages. */
export interface PluginStep {
  readonly code: ErrorCode;
  readonly plugin: string;
  /** `setup()`, say. */
  readonly step: string;
}

/** What a plugin threw in its constructor or life cycle, with the plugin, the listener and the place. */
export function pluginError(error: unknown, { code, plugin, step }: PluginStep, { listener, file, locate }: PluginSite): SluiceError {
  const path = `listeners.${listener}.plugins`;
  const where = locate(error) ?? (file === undefined ? path : `${file}: ${path}`);
  if (SluiceError.is(error)) return placed(error, where);
  return new SluiceError(code, `listener "${listener}", plugin "${plugin}": ${step} failed: ${reasonOf(error)}`, { cause: error, where });
}

/** The place in the config comes first, also when the error names another: the file of a certificate, say. */
function placed(error: SluiceError, where: string): SluiceError {
  if (error.where === undefined || error.where.startsWith(where)) return error.at(where);
  return new SluiceError(error.code, `${error.where}: ${error.detail}`, { where, cause: error.cause ?? error });
}
