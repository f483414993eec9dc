import { isIP } from "node:net";
import { hostOf } from "../../message/authority.ts";
import type { RouteOptions } from "../../exchange/options.ts";
import { isDomainOf, seenPath, type RouteChanges } from "./route-changes.ts";

type CookieChanges = RouteOptions["cookies"];

const attribute = /^\s*(domain|path)\s*=\s*(.*?)\s*$/i;
/** Cookies that browsers accept only with the path "/" and without a domain (RFC 6265bis section 4.1.3.2). */
const pinned = /^\s*__host-/i;

/** A `Set-Cookie` with the domain and the path that the client knows. */
export function seenCookie(cookie: string, options: CookieChanges, changes: RouteChanges): string {
  if (pinned.test(cookie)) return cookie;
  const [pair = "", ...attributes] = cookie.split(";");
  const kept = attributes.flatMap((each) => {
    const [, name = "", value = ""] = attribute.exec(each) ?? [];
    if (name === "") return [each];
    const seen = name.toLowerCase() === "path" ? seenCookiePath(value, options.path, changes) : seenDomain(value, options.domain, changes);
    if (seen === value) return [each];
    return seen === "" ? [] : [` ${name}=${seen}`];
  });
  return [pair, ...kept].join(";");
}

function seenCookiePath(path: string, wanted: CookieChanges["path"], changes: RouteChanges): string {
  if (wanted === "keep" || !path.startsWith("/")) return path;
  if (wanted !== "rewrite") return wanted;
  // "/app/" would not include "/app" itself.
  return path === "/" ? seenPath(path, changes).replace(/(?<=.)\/$/, "") : seenPath(path, changes);
}

/** The domain for the client; empty for no domain, so that the cookie is only for the client's host. */
function seenDomain(domain: string, wanted: CookieChanges["domain"], changes: RouteChanges): string {
  if (wanted === "keep") return domain;
  if (wanted !== "rewrite") return wanted;
  if (!isDomainOf(domain, changes)) return domain;
  const host = hostOf(changes.authority) ?? "";
  // Browsers accept no domain of one label, and no address.
  return host.includes(".") && isIP(host) === 0 ? host : "";
}
