import type { AnyErrorCode } from "../errors/errors.ts";

/** One try of a session to reach an endpoint. */
export interface SessionAttempt {
  /** As written in the config. */
  readonly endpoint: string;
  readonly durationMs: number;
  /** Why it failed; `aborted`: it was given up before it was over; undefined: it did not fail. */
  readonly code: AnyErrorCode | "aborted" | undefined;
}
