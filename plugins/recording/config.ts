/** What `record()` takes. */
export interface RecordConfig {
  /** The recording, YAML, from the config's folder. */
  readonly file: string;
  /** `none`: nothing is recorded. `once`: only where there is no file yet. `new`: sessions that are not in it yet are added. `all`: the file is written from the beginning. @default "once" */
  readonly mode?: "none" | "once" | "new" | "all" | undefined;
  /** Names of fields, and expressions, that are not recorded beside what looks like a password; `false`: everything is recorded. @default [] */
  readonly redact?: false | readonly (string | RegExp)[] | undefined;
}

/** What `replay()` takes. */
export interface ReplayConfig {
  /** The recording, YAML, from the config's folder. */
  readonly file: string;
  /** `sequence`: in the recorded order, wherever chunks are cut. `table`: the first entry of the client's that matches, in any order. @default "sequence" */
  readonly match?: "sequence" | "table" | undefined;
  /** `none`: answers come at once. `recorded`: as long after what is before them as they came; a number stretches that. @default "none" */
  readonly timing?: "none" | "recorded" | number | undefined;
}
