import { asSluiceError, catalogue, ownKind, SluiceError, type ErrorCode, type ErrorSource } from "../../contract/index.ts";

/** A SluiceError in the form in which it is sent to another process. */
export interface PackedError {
  readonly code: string;
  readonly detail: string;
  readonly where: string | undefined;
  readonly frame: string | undefined;
  readonly source: ErrorSource;
  readonly retryable: boolean;
  readonly remedy: string;
  readonly status: number | undefined;
  /** The stack of its cause, or of the error itself, from which the place of a fault is found. */
  readonly stack: string | undefined;
}

export function packError(thrown: unknown): PackedError {
  const { code, detail, where, frame, source, retryable, remedy, status, cause, stack } = asSluiceError(thrown);
  const first = cause instanceof Error ? cause.stack : stack;
  return { code, detail, where, frame, source, retryable, remedy, status, stack: first };
}

export function unpackError(packed: PackedError): SluiceError {
  const { code, detail, where, frame, source, retryable, remedy, status, stack } = packed;
  const kind = Object.hasOwn(catalogue, code) ? (code as ErrorCode) : ownKind({ code, source, retryable, help: remedy, status });
  const error = new SluiceError(kind, detail, {
    ...(where === undefined ? {} : { where }),
    ...(frame === undefined ? {} : { frame }),
  });
  // A stack of this process would not show the place of the fault.
  if (stack !== undefined) error.stack = stack;
  return error;
}
