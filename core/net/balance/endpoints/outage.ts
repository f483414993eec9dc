import type { AnyErrorCode } from "../../../contract/index.ts";

/** Why an endpoint gets no sessions. */
export interface Outage {
  /** `failures`: sessions failed in a row. `check`: its health check failed. */
  readonly why: "failures" | "check";
  /** The code of the last failure. */
  readonly code: AnyErrorCode;
  /** What the check found; undefined for `failures`. */
  readonly detail?: string | undefined;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Epoch milliseconds; undefined: it lasts until the check passes. */
  readonly until: number | undefined;
}
