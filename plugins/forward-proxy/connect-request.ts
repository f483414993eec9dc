import type { ErrorCode, FirstBytes, FirstBytesEnd } from "sluice";
import { targetOf, type Target } from "./allowed-targets.ts";

/** A client's CONNECT request. */
export interface ConnectRequest {
  readonly target: Target;
  /** Undefined when the request has no credentials. */
  readonly user: { readonly name: string; readonly password: string } | undefined;
}

/** The refusal of a request, answered with a status. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  get code(): ErrorCode {
    return this.status === 407 ? "SLUICE_CLIENT_REJECTED" : "SLUICE_CLIENT_PROTOCOL";
  }
}

/** @throws Refusal */
export function refuse(status: number, message: string): never {
  throw new Refusal(status, message);
}

/** The first line of HTTP/2's preface (RFC 9113 section 3.4). */
const PREFACE = "PRI * HTTP/2.0";

/** Reads the head of a CONNECT request; the bytes after it are for the target. @throws Refusal */
export function readConnect(bytes: Buffer, end: FirstBytesEnd | undefined): FirstBytes<ConnectRequest> | undefined {
  if (bytes.length > 0 && !/^[A-Za-z]/.test(bytes.toString("latin1", 0, 1))) refuse(400, "it does not begin with an HTTP request");
  const at = bytes.indexOf("\r\n\r\n");
  const head = bytes.toString("latin1", 0, at < 0 ? bytes.length : at);
  // Other parsers see different line ends where a line feed has no carriage return, or a carriage return no line feed (RFC 9112 section 2.2).
  if (/[^\r]\n|\r(?!\n)./.test(head) || head.includes("\0")) refuse(400, "the head of its request is malformed");
  if (head === PREFACE) refuse(505, "it speaks HTTP/2: here each connection is one tunnel, by HTTP/1.1");
  if (at >= 0) return { taken: at + 4, value: requestOf(head.split("\r\n")) };
  return end === "size" ? refuse(431, "the head of its request is too long") : undefined;
}

function requestOf([first = "", ...lines]: readonly string[]): ConnectRequest {
  const [, method, authority = ""] = /^([A-Z]+) (\S+) HTTP\/1\.[01]$/.exec(first) ?? refuse(400, "its first line is no request of HTTP/1");
  if (method !== "CONNECT") refuse(405, "its method is not CONNECT");
  const [, address, name, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(authority) ?? refuse(400, "it names no host and port");
  const target = targetOf(address ?? name ?? "", Number(port)) ?? refuse(400, "it names no host and port");
  // The content of a CONNECT has no defined meaning (RFC 9110 section 9.3.6), so its end would be a guess.
  if (lines.some((line) => /^(?:transfer-encoding|content-length)\s*:/i.test(line) && !/^content-length: *0*$/i.test(line)))
    refuse(400, "its CONNECT has a body");
  return { target, user: userOf(credentialsIn(lines)) };
}

function credentialsIn(lines: readonly string[]): string | undefined {
  const credentials = lines.filter((line) => /^proxy-authorization:/i.test(line));
  if (credentials.length > 1) refuse(400, "it says twice who it is");
  return credentials[0];
}

/** RFC 7617 section 2. */
function userOf(line: string | undefined): ConnectRequest["user"] {
  const [, encoded] = /^[^:]+:\s*basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(line ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const at = text.indexOf(":");
  return at < 0 ? undefined : { name: text.slice(0, at), password: text.slice(at + 1) };
}
