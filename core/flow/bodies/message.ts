import { SluiceError, type HttpHeaders, type HttpRequest, type HttpResponse } from "../../contract/index.ts";

/** A message of HTTP, of either side. */
export type HttpMessage = HttpRequest | HttpResponse;

export function isRequest(message: HttpMessage): message is HttpRequest {
  return "method" in message;
}

/** The first value of a field. */
export function fieldOf(headers: HttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/** A body that is not what it says, or more than may be: whose fault that is depends on who sent it. */
export function wrongBody(message: HttpMessage, detail: string, cause?: unknown): SluiceError {
  const code = isRequest(message) ? "SLUICE_HTTP_REQUEST" : "SLUICE_UPSTREAM_PROTOCOL";
  return new SluiceError(code, detail, cause === undefined ? {} : { cause });
}
