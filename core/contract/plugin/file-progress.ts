import type { SluiceError } from "../errors/errors.ts";

/** Progress of a file in which a plugin records what it observes. */
export interface FileProgress {
  /** Number of entries in it: packets of a capture, sessions of a recording. */
  readonly entries: number;
  /** Bytes written, including headers. */
  readonly bytes: number;
  /** Entries missing from it because the disk was too slow. @default 0 */
  readonly lost?: number;
  /** Set when nothing more is written: `"full"` when the file has its largest size, else the error that prevents writing. */
  readonly over?: "full" | SluiceError | undefined;
}

/** Files that several processes have written, and the one that they are to become. */
export interface JoinedFiles {
  readonly parts: readonly string[];
  /** An empty file. */
  readonly into: string;
  /** Bytes that it may have: what is beyond them is left out. */
  readonly size: number;
}

/** Makes one file of several. Rejects with the error of the operating system. */
export type JoinFiles = (files: JoinedFiles) => Promise<FileProgress>;
