import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { SluiceError, type ResolvedAdmin } from "../../contract/index.ts";

/** The part of a request that is known before its body is read. */
export interface RequestHead {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** The same, with all values of a field that comes several times. */
  readonly headersDistinct?: NodeJS.Dict<string[]>;
}

/** What the guard checks requests against: part of the config, and the token in force. */
export interface GuardRules extends Pick<ResolvedAdmin, "hosts"> {
  readonly token: string;
}

const ownHosts = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Checks that a request names this server in its Host. A page of another site whose name was made to lead here (DNS rebinding) names that site.
 *
 * @throws SLUICE_ADMIN_FORBIDDEN
 */
export function checkHost({ headers, headersDistinct }: RequestHead, { hosts }: GuardRules): void {
  // RFC 9112 section 3.2: which one counts, two readers of a request would not agree on.
  if ((headersDistinct?.["host"]?.length ?? 0) > 1) throw new SluiceError("SLUICE_ADMIN_FORBIDDEN", "expected one Host, got several");
  const host = headers.host?.toLowerCase() ?? "";
  const name = host.replace(/:\d*$/, "");
  if (ownHosts.has(name) || hosts.includes(name) || hosts.includes(host)) return;
  throw new SluiceError("SLUICE_ADMIN_FORBIDDEN", `the Host ${JSON.stringify(host)} is not this server's: add it to admin.hosts if it is`);
}

/** @throws SLUICE_ADMIN_TOKEN */
export function checkToken({ headers }: RequestHead, { token }: GuardRules): void {
  const given = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? "")?.[1];
  if (given !== undefined && isSame(given, token)) return;
  throw new SluiceError("SLUICE_ADMIN_TOKEN", given === undefined ? "expected a token" : "the token is not this process's");
}

/**
 * Checks that a request which changes something comes from a program or from this server's own page, and not from a form or a script of another site,
 * to which a browser could add credentials.
 *
 * @throws SLUICE_ADMIN_FORBIDDEN
 */
export function checkOrigin({ headers }: RequestHead): void {
  const { origin, host = "" } = headers;
  if (origin !== undefined && !isOwn(origin, host))
    throw new SluiceError("SLUICE_ADMIN_FORBIDDEN", `the Origin ${JSON.stringify(origin)} may change nothing here`);
  const site = headers["sec-fetch-site"];
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw new SluiceError("SLUICE_ADMIN_FORBIDDEN", `a request that is ${JSON.stringify(site)} (Sec-Fetch-Site) may change nothing here`);
}

/** Whether the body's type is JSON, which no HTML form can send. */
export function isJson({ headers }: RequestHead): boolean {
  return /^application\/json *(;|$)/i.test(headers["content-type"] ?? "");
}

/** Whether an Origin is the same as the Host, which has been checked. */
function isOwn(origin: string, host: string): boolean {
  const [, name] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
  return name?.toLowerCase() === host.toLowerCase();
}

/** Compares in constant time. */
function isSame(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash("sha256").update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
