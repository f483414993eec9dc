import type { Size } from "sluice";
import type { Codec } from "sluice/codec";

/** The options of `record()`. */
export interface RecordConfig {
  /** The file of the recording (YAML), relative to the config's folder. */
  readonly file: string;
  /** `none`: record nothing. `once`: record if the file does not exist yet. `new`: add sessions whose client sends something new. `all`: write the file from the beginning. @default "once" */
  readonly mode?: "none" | "once" | "new" | "all" | undefined;
  /** Names of fields, and expressions, whose values are not recorded, in addition to everything that looks like a password; `false`: record everything. @default [] */
  readonly redact?: false | readonly (string | RegExp)[] | undefined;
  /** Limits of the recording; sessions over them are not recorded, but counted. */
  readonly limits?: RecordLimits | undefined;
}

/** Limits of one recording. */
interface RecordLimits {
  /** Bytes of the file, together with the data of sessions that have not ended. @default "64MiB" */
  readonly size?: Size | undefined;
  /** Sessions in the file. @default 10000 */
  readonly sessions?: number | undefined;
  /** Entries in the file. @default 100000 */
  readonly entries?: number | undefined;
}

/** The options of `replay()`. */
export interface ReplayConfig {
  /** The file of the recording (YAML), relative to the config's folder. */
  readonly file: string;
  /**
   * How the client's data is compared with the recording. `sequence`: in the recorded order, however chunks are cut. `strict`: the whole stream must
   * equal that of one recorded session, byte for byte. `framed`: by messages of `codec`, several at once and in any order. `table`: the first entry
   * that matches, in any order.
   * @default "sequence"
   */
  readonly match?: "sequence" | "strict" | "framed" | "table" | undefined;
  /** For `match: "framed"`: the codec that finds the messages, such as `lines()` of `sluice/codec`. */
  readonly codec?: Codec<unknown> | undefined;
  /**
   * What happens when the client sends data that is not in the recording. `fail`: the session ends with SLUICE_REPLAY_UNMATCHED. `pass`: the
   * listener's upstream answers. `record`: the upstream answers, and both are added to the recording.
   * @default "fail"
   */
  readonly unmatched?: "fail" | "pass" | "record" | undefined;
  /** `none`: answers come at once. `recorded`: with the recorded delays. A number multiplies the recorded delays. @default "none" */
  readonly timing?: "none" | "recorded" | number | undefined;
}
