import type { SluiceError } from "sluice";
import type { RequestHead } from "../exchange/client-request.ts";
import { requestRefused, statusOf } from "../message/failure.ts";
import type { ParserLimits } from "../parser/message-parser.ts";
import { isPassedOn } from "../message/upgrade-protocol.ts";

/** The header of a request of HTTP/2. */
export interface Http2Head {
  readonly method: string;
  readonly path: string;
  readonly authority: string | undefined;
  /** The protocol that a CONNECT asks for (RFC 8441). */
  readonly protocol: string | undefined;
  /** Which limit it exceeds; undefined when none. */
  readonly excess: string | undefined;
}

/** Bytes of the first line in HTTP/1 besides method and target, and of a field's line besides name and value. */
const FIRST_LINE = 12;
const FIELD_LINE = 4;

/**
 * Reads the pseudo-fields, and counts as in HTTP/1: pseudo-fields do not count as fields, and all cookie fields count as one
 * (RFC 9113 sections 8.3 and 8.2.3).
 *
 * @param fields names and values, one after the other
 */
export function readHttp2Head(fields: readonly string[], limits: ParserLimits): Http2Head {
  const pseudo: Record<string, string> = {};
  const counted = { bytes: FIRST_LINE, fields: 0 };
  let crumbs = 0;
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const name = fields[at] ?? "";
    const value = fields[at + 1] ?? "";
    if (name.startsWith(":")) {
      pseudo[name] = value;
      counted.bytes += value.length;
      continue;
    }
    counted.bytes += name.length + value.length + FIELD_LINE;
    if (name === "cookie") crumbs += 1;
    if (name !== "cookie" || crumbs === 1) counted.fields += 1;
  }
  const { ":method": method = "", ":path": path = "", ":authority": authority, ":protocol": protocol } = pseudo;
  return { method, path, authority, protocol, excess: excessOf(counted, limits) };
}

/** The status for a request that is not served: CONNECT to a host has the one of HTTP/1, and an unknown protocol that of RFC 9220 section 3. */
export function refusalOf({ method, protocol }: Http2Head, error: SluiceError): number {
  if (method !== "CONNECT") return statusOf(error);
  if (protocol === undefined) return 405;
  return isPassedOn(protocol) ? statusOf(error) : 501;
}

/** The header of a request in the common form of HTTP/1 and HTTP/2. @throws SLUICE_HTTP_REQUEST */
export function askedBy({ method, path, protocol, authority }: Http2Head, fields: readonly string[]): RequestHead {
  const upgrade = method === "CONNECT" ? protocol : undefined;
  if (upgrade !== undefined && !isPassedOn(upgrade)) throw requestRefused("the protocol is not served");
  return { method: upgrade === undefined ? method : "GET", target: path, httpVersion: "2.0", fields, authority, upgrade };
}

function excessOf({ bytes, fields }: { readonly bytes: number; readonly fields: number }, limits: ParserLimits): string | undefined {
  if (fields > limits.fields) return `the header has more than ${limits.fields} fields`;
  return bytes > limits.header ? "the header is too long" : undefined;
}
