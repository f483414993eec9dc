/** The result of one comparison. */
export interface Verdict {
  readonly file: string;
  /** The name of the session in the file; `1` where it has none. */
  readonly session: string | number;
  /** The difference in hex and text; undefined when there is none. */
  readonly difference: string | undefined;
}
