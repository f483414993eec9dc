import { reasonOf, SluiceError, type ErrorCode, type ResolvedUse } from "../contract/index.ts";
import { constructionReason } from "./injection-hint.ts";

/** The place of a listener's plugins, for messages. */
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
  readonly use: ResolvedUse;
  /** For example `setup()`. */
  readonly step: string;
}

/** The error for an exception in a plugin's constructor or life cycle, with plugin, listener, the option's path, and the place of the code. */
export function pluginError(error: unknown, { code, use, step }: PluginStep, { listener, file, locate }: PluginSite): SluiceError {
  const option = file === undefined ? use.path : `${file}: ${use.path}`;
  const place = locate(error);
  if (SluiceError.is(error)) return placed(error, option, place);
  const subject = `listener "${listener}", plugin "${use.name}"${place === undefined ? "" : ` (${option})`}`;
  const reason = code === "SLUICE_PLUGIN_CONSTRUCT" ? constructionReason(error) : reasonOf(error);
  const detail = `${subject}: ${step} failed: ${reason}`;
  return new SluiceError(code, detail, { cause: error, where: place ?? option });
}

/** A plugin's own SluiceError keeps its code. The places in its source and in the config come first, then a place that the error names. */
function placed(error: SluiceError, option: string, place: string | undefined): SluiceError {
  const where = place ?? option;
  const others = [place === undefined ? undefined : option, error.where?.startsWith(where) === true ? undefined : error.where];
  const detail = [...others, error.detail].filter((part) => part !== undefined).join(": ");
  const frame = error.frame === undefined ? {} : { frame: error.frame };
  return error.restated(detail, { where, ...frame });
}
