import type { IncomingMessage, ServerResponse } from "node:http";
import { asSluiceError, type AnyErrorCode, type SluiceError } from "../../contract/index.ts";

/** Headers of all answers. The page shows bytes of sessions, so nothing may run as code, be framed, or be guessed to be another type. */
export const safetyHeaders = {
  "content-security-policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
  "x-frame-options": "DENY",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** An error with an HTTP status that is more exact than the one of its code. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly error: SluiceError,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(error.message);
  }
}

const statuses: Partial<Record<AnyErrorCode, number>> = {
  SLUICE_ADMIN_FORBIDDEN: 403,
  SLUICE_ADMIN_TOKEN: 401,
  SLUICE_ADMIN_REQUEST: 400,
  SLUICE_ADMIN_UNKNOWN: 404,
  SLUICE_ADMIN_STALE: 412,
  SLUICE_USAGE: 400,
  SLUICE_NOT_RUNNING: 503,
  SLUICE_CLOSED: 503,
  SLUICE_INTERNAL: 500,
};

/** The HTTP status of an error. A refused config, and a state that prevents what was asked for, is a conflict. */
function statusOf({ code }: SluiceError): number {
  return statuses[code] ?? 409;
}

export function answerJson(response: ServerResponse, status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const body = JSON.stringify(value ?? null);
  response.writeHead(status, {
    ...safetyHeaders,
    "cache-control": "no-store",
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

export function answerText(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    ...safetyHeaders,
    "cache-control": "no-store",
    "content-type": "text/plain; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Answers with an error. It does not wait for a body that nobody has read. */
export function answerError(request: IncomingMessage, response: ServerResponse, thrown: unknown): void {
  const error = thrown instanceof Refusal ? thrown.error : asSluiceError(thrown);
  const status = thrown instanceof Refusal ? thrown.status : statusOf(error);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const headers = thrown instanceof Refusal ? thrown.headers : {};
  const ends = request.complete ? {} : { connection: "close" };
  const challenge = status === 401 ? { "www-authenticate": 'Bearer realm="sluice"' } : {};
  const { code, message, where, frame } = error;
  answerJson(response, status, { error: { code, message, where, frame } }, { ...challenge, ...ends, ...headers });
}
