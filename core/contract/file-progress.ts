import type { SluiceError } from "./errors.ts";

/** How far the file is that a plugin writes of what it watches. */
export interface FileProgress {
  /** What is in it: packets of a capture, sessions of a recording. */
  readonly entries: number;
  /** Bytes that were written, headers and all. */
  readonly bytes: number;
  /** Entries that are missing in it, since the disk was too slow. @default 0 */
  readonly lost?: number;
  /** Nothing more is written: it is as large as it may be, or the reason why it cannot be written. */
  readonly over?: "full" | SluiceError | undefined;
}
