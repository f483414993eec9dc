import { isIP } from "node:net";
import { hostOf } from "../../message/authority.ts";
import type { RouteOptions } from "../../exchange/options.ts";

/** What a route changed in a request, and what the client knows, so that addresses in the response can be translated back for the client. */
export interface RouteChanges extends Pick<RouteOptions, "path" | "rewrite"> {
  /** The client's scheme: `http` or `https`. */
  readonly scheme: string;
  /** The host and port that the client asked for. */
  readonly authority: string;
  /** The upstream's hosts and ports: the Host of the request, and its address. */
  readonly upstream: readonly string[];
}

/** A URL with an authority, with or without a scheme (RFC 3986 section 4.2). */
const withAuthority = /^(?:(https?):)?\/\/([^/?#]*)(.*)$/is;
const refresh = /^(\s*\d+\s*[;,]\s*(?:url\s*=\s*)?["']?)([^"']*)(.*)$/is;

/** The prefix that a route removes from paths: `/app` if `/app/v1` becomes `/v1`. Empty when it removes nothing. */
export function strippedPrefix({ path, rewrite }: Pick<RouteOptions, "path" | "rewrite">): string {
  if (rewrite === undefined) return "";
  const [from, to] = [bare(path), bare(rewrite)];
  return from.endsWith(to) ? from.slice(0, from.length - to.length) : "";
}

/** A `Location` translated for the client. One to another host, or relative to the request's path, is not changed. */
export function seenLocation(location: string, changes: RouteChanges): string {
  const match = withAuthority.exec(location);
  if (match === null) return location.startsWith("/") ? seenPath(location, changes) : location;
  const [, scheme, authority = "", rest = ""] = match;
  const isSame = (other: string): boolean => normal(other, scheme) === normal(authority, scheme);
  // When TLS ends at the proxy, the upstream may know the client's host but not its scheme. A redirection to https is meant as it is.
  if (isSame(changes.authority)) return `${beginning(scheme, changes)}${authority}${seenRest(rest, changes)}`;
  if (!changes.upstream.some(isSame)) return location;
  return `${scheme === undefined ? "" : `${changes.scheme}:`}//${changes.authority}${seenRest(rest, changes)}`;
}

/** A `Refresh: 5; url=/there` translated for the client; browsers also accept it as a header. */
export function seenRefresh(value: string, changes: RouteChanges): string {
  const [, before, url = "", after = ""] = refresh.exec(value) ?? [];
  return before === undefined ? value : `${before}${seenLocation(url, changes)}${after}`;
}

/** A path of the upstream, with its query, translated for the client. */
export function seenPath(path: string, { path: asked, rewrite }: Pick<RouteOptions, "path" | "rewrite">): string {
  if (rewrite === undefined) return path;
  const [from, to] = [bare(asked), bare(rewrite)];
  // An upstream that uses X-Forwarded-Prefix has added the prefix itself.
  if (isUnder(from, to) && from !== "" && isUnder(path, from)) return path;
  if (!isUnder(path, to)) return path;
  const seen = from + path.slice(to.length);
  return seen.startsWith("/") ? seen : `/${seen}`;
}

/** Whether a cookie's domain is the upstream's host or a domain above it (RFC 6265 section 5.1.3). */
export function isDomainOf(domain: string, { upstream }: Pick<RouteChanges, "upstream">): boolean {
  const wanted = domain.replace(/^\./, "").toLowerCase();
  return upstream.some((each) => {
    const host = hostOf(each) ?? "";
    return host === wanted || (isIP(host) === 0 && host.endsWith(`.${wanted}`));
  });
}

function seenRest(rest: string, changes: RouteChanges): string {
  if (rest.startsWith("/")) return seenPath(rest, changes);
  // An empty path means "/".
  return changes.rewrite === undefined ? rest : seenPath(`/${rest}`, changes);
}

function beginning(scheme: string | undefined, changes: RouteChanges): string {
  if (scheme === undefined) return "//";
  return `${scheme.toLowerCase() === "http" ? changes.scheme : scheme}://`;
}

/** The authority without the default port of the scheme. */
function normal(authority: string, scheme = "http"): string {
  return authority.toLowerCase().replace(scheme.toLowerCase() === "https" ? /:(443)?$/ : /:(80)?$/, "");
}

/** A path without slashes at its end. An expression would look at each run of slashes again and again. */
export function bare(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

/** Whether a path begins with a prefix, in whole segments. */
function isUnder(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && /^(?:$|[/?#])/.test(path.slice(prefix.length));
}
