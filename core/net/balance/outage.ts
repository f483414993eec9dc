import type { AnyErrorCode } from "../../contract/index.ts";

/** Why an endpoint gets no sessions. */
export interface Outage {
  /** `failures`: of sessions, in a row. `check`: its health check. */
  readonly why: "failures" | "check";
  /** Of the last failure. */
  readonly code: AnyErrorCode;
  /** What the check found; undefined: it was none. */
  readonly detail?: string | undefined;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Epoch milliseconds; undefined: until its check passes. */
  readonly until: number | undefined;
}
