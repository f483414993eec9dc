import { Readable } from "node:stream";
import { SluiceError, type HttpHeaders, type HttpResponse } from "../../contract/index.ts";

/**
 * Makes a response, for hooks that answer by themselves.
 *
 * @param body a text (`text/plain` in UTF-8), bytes or a stream (`application/octet-stream`), or anything else as JSON; left out: no body
 * @param headers take precedence over the type of the body
 * @throws SLUICE_PLUGIN_ARGUMENT for a status outside 200 to 599, or a value that cannot be a body
 * @example exchange: (attempt, { url }) => (url === "/health" ? of(respond(200, { ok: true })) : attempt)
 */
export function respond(status: number, body?: unknown, headers: HttpHeaders = {}): HttpResponse {
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw new SluiceError("SLUICE_PLUGIN_ARGUMENT", `respond(): ${String(status)} is not the status of a response`);
  const given: HttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) given[name.toLowerCase()] = value;
  if (body === undefined) return { status, headers: given };
  const { type, content } = contentOf(body);
  return { status, headers: { "content-type": type, ...given }, body: content };
}

function contentOf(body: unknown): { readonly type: string; readonly content: Readable | Buffer | string } {
  if (typeof body === "string") return { type: "text/plain; charset=utf-8", content: body };
  if (body instanceof Uint8Array)
    return { type: "application/octet-stream", content: Buffer.from(body.buffer, body.byteOffset, body.byteLength) };
  if (body instanceof Readable) return { type: "application/octet-stream", content: body };
  const text = JSON.stringify(body) as string | undefined;
  if (text === undefined) throw new SluiceError("SLUICE_PLUGIN_ARGUMENT", `respond(): a ${typeof body} cannot be a body`);
  return { type: "application/json; charset=utf-8", content: text };
}
