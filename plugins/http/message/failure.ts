import { SluiceError } from "sluice";
import type { AnyErrorCode, HttpResponse } from "sluice";
import { STATUS_CODES } from "node:http";

const statuses: Readonly<Partial<Record<AnyErrorCode, number>>> = {
  SLUICE_HTTP_REQUEST: 400,
  SLUICE_HTTP_NO_ROUTE: 404,
  SLUICE_CLIENT_REJECTED: 403,
  SLUICE_CLIENT_TIMEOUT: 408,
  SLUICE_RATE_LIMITED: 429,
  SLUICE_UPSTREAM_TIMEOUT: 504,
  SLUICE_UPSTREAM_BUSY: 503,
  SLUICE_LIMIT_SESSIONS: 503,
  SLUICE_CLOSED: 503,
};

/** The words for a failure in responses. The error's own message may contain an address, a key or a plugin's internals, and is only logged. */
const words: Readonly<Partial<Record<AnyErrorCode, string>>> = {
  SLUICE_HTTP_NO_ROUTE: "no route matches this request",
  SLUICE_CLIENT_TIMEOUT: "the request did not come in time",
  SLUICE_RATE_LIMITED: "too many requests",
};

const refusals = new WeakSet<SluiceError>();

/** The error for a malformed request. Its message is only about the client's own bytes, so the client gets it. */
export function requestRefused(detail: string): SluiceError {
  const error = new SluiceError("SLUICE_HTTP_REQUEST", detail);
  refusals.add(error);
  return error;
}

/** The status of the response to an error. */
export function statusOf({ code, source, status }: SluiceError): number {
  return status ?? statuses[code] ?? (source === "upstream" ? 502 : source === "client" ? 400 : 500);
}

/** The error of a client that finished sending before it was answered: most such clients have left. */
export function clientLeft(): SluiceError {
  return new SluiceError("SLUICE_CLIENT_RESET", "the client finished sending before it had the whole response");
}

/** The error of a client that does not send the rest of its request in time. */
export function bodyLate(): SluiceError {
  return new SluiceError("SLUICE_CLIENT_TIMEOUT", "the request did not come in time");
}

/** The response to an error. */
export function failureOf(error: SluiceError, status = statusOf(error)): HttpResponse {
  return { status, headers: {}, error };
}

/** The body of a response to an error, as JSON if the client prefers it: the code, and words without internal details. */
export function explained(status: number, error: SluiceError, accept: string): { readonly type: string; readonly body: string } {
  const title = STATUS_CODES[status] ?? "Error";
  const detail = refusals.has(error) ? error.detail : (words[error.code] ?? title);
  if (prefersJson(accept))
    return { type: "application/json; charset=utf-8", body: `${JSON.stringify({ status, error: title, code: error.code, detail })}\n` };
  return {
    type: "text/plain; charset=utf-8",
    body: `${status} ${title}: ${detail === title ? error.code : `${detail} (${error.code})`}\n`,
  };
}

/** Whether Accept names JSON, with no lower weight than plain text or HTML. */
function prefersJson(accept: string): boolean {
  const ranges = accept.toLowerCase().split(",").map(weighed);
  const best = (wanted: RegExp): number => Math.max(0, ...ranges.map(({ type, weight }) => (wanted.test(type) ? weight : 0)));
  const json = best(/^application\/json$|\+json$/);
  return json > 0 && json >= best(/^text\/(plain|html|\*)$/);
}

function weighed(range: string): { readonly type: string; readonly weight: number } {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
  const weight = Number(parameters.find((part) => part.startsWith("q="))?.slice(2) ?? 1);
  return { type, weight: Number.isNaN(weight) ? 0 : weight };
}

/** A whole response of HTTP/1.1, for a connection that can begin no normal response any more. */
export function rawFailure(status: number, error: SluiceError): string {
  const { type, body } = explained(status, error, "");
  const fields = { connection: "close", "content-type": type, "content-length": String(Buffer.byteLength(body)) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}\r\n${lines.join("")}\r\n${body}`;
}

/** Why a message is refused, with the status of the response. */
export interface Refusal {
  readonly status: 400 | 405 | 413 | 431;
  readonly detail: string;
}
