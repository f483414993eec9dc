import { asSluiceError, catalogue, ownKind, SluiceError, type ErrorCode, type ErrorSource } from "../../contract/index.ts";

/** A SluiceError as it is sent to another process. */
export interface PackedError {
  readonly code: string;
  readonly detail: string;
  readonly where: string | undefined;
  readonly frame: string | undefined;
  readonly source: ErrorSource;
  readonly retryable: boolean;
  readonly remedy: string;
  readonly status: number | undefined;
  /** Of what caused it, or of the error itself, for who looks for the place of a fault. */
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
  // That of this process would lead nobody to the place of the fault.
  if (stack !== undefined) error.stack = stack;
  return error;
}
