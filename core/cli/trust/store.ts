/** One command that puts a certificate into a store, or takes it out. */
export interface Step {
  /** Whose store: for people. */
  readonly store: string;
  readonly command: readonly [string, ...string[]];
  /** Only root may. */
  readonly needsRoot: boolean;
  /** It fails where there is nothing to take out, which is what was wanted. */
  readonly mayFail?: boolean;
}

/** What can be done about the stores of one kind. */
export interface Steps {
  readonly steps: readonly Step[];
  /** Why not all that is there can be reached, and what to do about it. */
  readonly notes: readonly string[];
}

/** What is to be trusted. */
export interface Authority {
  /** The PEM file of the certificate. */
  readonly file: string;
  /** What it is called in stores that name what they hold. */
  readonly name: string;
}

/** Trust stores of one kind. */
export interface Store {
  /** For `--stores`. */
  readonly name: string;
  add(authority: Authority): Steps;
  remove(authority: Authority): Steps;
}

export const none: Steps = { steps: [], notes: [] };
