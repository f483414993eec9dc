import { SluiceError, type HttpHeaders, type HttpRequest, type HttpResponse } from "../../contract/index.ts";

/** An HTTP message: a request or a response. */
export type HttpMessage = HttpRequest | HttpResponse;

export function isRequest(message: HttpMessage): message is HttpRequest {
  return "method" in message;
}

/** The first value of a field. */
export function fieldOf(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** The error for a body that is not what it claims to be, or too large. Its code depends on who sent the body. */
export function wrongBody(message: HttpMessage, detail: string, cause?: unknown): SluiceError {
  const code = isRequest(message) ? "SLUICE_HTTP_REQUEST" : "SLUICE_UPSTREAM_PROTOCOL";
  return new SluiceError(code, detail, cause === undefined ? {} : { cause });
}
