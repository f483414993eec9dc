/** One command that adds a certificate to a store, or removes it. */
export interface Step {
  /** The name of the store, for people. */
  readonly store: string;
  readonly command: readonly [string, ...string[]];
  /** Whether it needs root. */
  readonly needsRoot: boolean;
  /** What the command says when it fails because there is nothing to do: the certificate to add is there already, or the one to remove is missing. */
  readonly nothingToDo?: RegExp;
}

/** The possible steps for the stores of one kind. */
export interface Steps {
  readonly steps: readonly Step[];
  /** Why some stores cannot be changed, and what to do about it. */
  readonly notes: readonly string[];
}

/** The authority to trust. */
export interface Authority {
  /** The PEM file of the certificate. */
  readonly file: string;
  /** Its name in stores whose entries have names. */
  readonly name: string;
}

/** Trust stores of one kind. */
export interface Store {
  /** The name in `--stores`. */
  readonly name: string;
  add(authority: Authority): Steps;
  remove(authority: Authority): Steps;
}

export const none: Steps = { steps: [], notes: [] };
