import type { Size } from "sluice";

/** When a file of `capture()` is full, and how many are kept. */
export interface CaptureRotation {
  /** A file that would be larger is renamed, and a new one begun. At least 1KiB. @default "100MiB" */
  readonly size?: Size | undefined;
  /** Files that are kept, the one that is written to included; the oldest is deleted. @default 4 */
  readonly files?: number | undefined;
}

/** What `capture()` takes. */
export interface CaptureConfig {
  /** The pcapng file, from the config's folder. One that is there is rotated away when the first packet comes. */
  readonly file: string;
  /** When a file is full, and how many are kept. */
  readonly rotate?: CaptureRotation | undefined;
  /** Where the one file ends, instead of being rotated: what comes after that is not captured. At least 1KiB. @default none: files are rotated */
  readonly limit?: Size | undefined;
  /** TLS as it was, with its secrets. Not supported yet: `true` is refused. @default false: what was decrypted is captured as plain text */
  readonly secrets?: boolean | undefined;
}
