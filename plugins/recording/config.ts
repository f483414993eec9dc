import type { Size } from "sluice";
import type { Codec } from "sluice/codec";

/** What `record()` takes. */
export interface RecordConfig {
  /** The recording, YAML, from the config's folder. */
  readonly file: string;
  /** `none`: nothing is recorded. `once`: only where there is no file yet. `new`: sessions are added whose client says what is not in it yet. `all`: the file is written from the beginning. @default "once" */
  readonly mode?: "none" | "once" | "new" | "all" | undefined;
  /** Names of fields, and expressions, that are not recorded beside what looks like a password; `false`: everything is recorded. @default [] */
  readonly redact?: false | readonly (string | RegExp)[] | undefined;
  /** What the recording may hold; sessions beyond are not recorded, and counted. */
  readonly limits?: RecordLimits | undefined;
}

/** Bounds of one recording. */
interface RecordLimits {
  /** Bytes of the file, and of what is held until its sessions end. @default "64MiB" */
  readonly size?: Size | undefined;
  /** Sessions of the file. @default 10000 */
  readonly sessions?: number | undefined;
  /** Entries of the file. @default 100000 */
  readonly entries?: number | undefined;
}

/** What `replay()` takes. */
export interface ReplayConfig {
  /** The recording, YAML, from the config's folder. */
  readonly file: string;
  /**
   * How what a client says is compared. `sequence`: in the recorded order, wherever chunks are cut. `strict`: its whole stream is one recorded
   * session's, byte for byte. `framed`: message by message of `codec`, several at once and in any order. `table`: the first entry that matches, in any order.
   * @default "sequence"
   */
  readonly match?: "sequence" | "strict" | "framed" | "table" | undefined;
  /** Of `match: "framed"`: what a message is. A codec of `sluice/codec`, such as `lines()`. */
  readonly codec?: Codec<unknown> | undefined;
  /**
   * What happens to what is not in the recording. `fail`: the session ends with SLUICE_REPLAY_UNMATCHED. `pass`: the listener's upstream answers it.
   * `record`: so too, and it is added to the recording.
   * @default "fail"
   */
  readonly unmatched?: "fail" | "pass" | "record" | undefined;
  /** `none`: answers come at once. `recorded`: as long after what is before them as they came; a number stretches that. @default "none" */
  readonly timing?: "none" | "recorded" | number | undefined;
}
