import type { Size } from "sluice";

/** When a file of `capture()` is full, and how many are kept. */
export interface CaptureRotation {
  /** A file that would become larger is renamed, and a new one is started. At least 1KiB. @default "100MiB" */
  readonly size?: Size | undefined;
  /** Number of files that are kept, including the current one; the oldest is deleted. @default 4 */
  readonly files?: number | undefined;
}

/** The options of `capture()`. */
export interface CaptureConfig {
  /** The pcapng file, relative to the config's folder. An existing file is rotated when the first packet comes. */
  readonly file: string;
  /** When a file is full, and how many are kept. */
  readonly rotate?: CaptureRotation | undefined;
  /** The size at which the capture ends, instead of rotating: later packets are not captured. At least 1KiB. @default none: files are rotated */
  readonly limit?: Size | undefined;
  /**
   * TLS of sessions that begin from then on as it was, and the secrets that decrypt it beside it. Their bytes then go through JavaScript below
   * TLS too, which costs CPU. @default false: what was decrypted is captured as plain text
   */
  readonly secrets?: boolean | undefined;
}
