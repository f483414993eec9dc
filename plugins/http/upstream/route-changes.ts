import { isIP } from "node:net";
import { hostOf } from "../message/authority.ts";
import type { RouteOptions } from "../exchange/options.ts";

/** What a route changed in a request, and what of it the client knows: so that an answer can be told in the client's terms. */
export interface RouteChanges extends Pick<RouteOptions, "path" | "rewrite"> {
  /** How the client came: `http` or `https`. */
  readonly scheme: string;
  /** Host and port that the client asked for. */
  readonly authority: string;
  /** The same of the upstream: what it was asked for, and its address. */
  readonly upstream: readonly string[];
}

/** With or without its scheme (RFC 3986 section 4.2). */
const withAuthority = /^(?:(https?):)?\/\/([^/?#]*)(.*)$/is;
const refresh = /^(\s*\d+\s*[;,]\s*(?:url\s*=\s*)?["']?)([^"']*)(.*)$/is;

/** What a route takes off the front of paths: `/app` where `/app/v1` becomes `/v1`. Empty: nothing. */
export function strippedPrefix({ path, rewrite }: Pick<RouteOptions, "path" | "rewrite">): string {
  if (rewrite === undefined) return "";
  const [from, to] = [bare(path), bare(rewrite)];
  return from.endsWith(to) ? from.slice(0, from.length - to.length) : "";
}

/** A `Location` as the client has to ask for it. One that leads elsewhere stays as it is, and so does one that is relative to the request's path. */
export function seenLocation(location: string, changes: RouteChanges): string {
  const match = withAuthority.exec(location);
  if (match === null) return location.startsWith("/") ? seenPath(location, changes) : location;
  const [, scheme, authority = "", rest = ""] = match;
  const isSame = (other: string): boolean => normal(other, scheme) === normal(authority, scheme);
  // An upstream behind TLS that ends here may know the client's host, and not how the client came. One that sends it on to https means that.
  if (isSame(changes.authority)) return `${beginning(scheme, changes)}${authority}${seenRest(rest, changes)}`;
  if (!changes.upstream.some(isSame)) return location;
  return `${scheme === undefined ? "" : `${changes.scheme}:`}//${changes.authority}${seenRest(rest, changes)}`;
}

/** `Refresh: 5; url=/there`, which browsers take for a header, too. */
export function seenRefresh(value: string, changes: RouteChanges): string {
  const [, before, url = "", after = ""] = refresh.exec(value) ?? [];
  return before === undefined ? value : `${before}${seenLocation(url, changes)}${after}`;
}

/** A path of the upstream, with what follows it, as the client has to ask for it. */
export function seenPath(path: string, { path: asked, rewrite }: Pick<RouteOptions, "path" | "rewrite">): string {
  if (rewrite === undefined) return path;
  const [from, to] = [bare(asked), bare(rewrite)];
  // An upstream that knows of X-Forwarded-Prefix has said it already.
  if (isUnder(from, to) && from !== "" && isUnder(path, from)) return path;
  if (!isUnder(path, to)) return path;
  const seen = from + path.slice(to.length);
  return seen.startsWith("/") ? seen : `/${seen}`;
}

/** Whose domain it is: the upstream's, or one above it (RFC 6265 section 5.1.3). */
export function isDomainOf(domain: string, { upstream }: Pick<RouteChanges, "upstream">): boolean {
  const wanted = domain.replace(/^\./, "").toLowerCase();
  return upstream.some((each) => {
    const host = hostOf(each) ?? "";
    return host === wanted || (isIP(host) === 0 && host.endsWith(`.${wanted}`));
  });
}

function seenRest(rest: string, changes: RouteChanges): string {
  if (rest.startsWith("/")) return seenPath(rest, changes);
  // No path is the path "/".
  return changes.rewrite === undefined ? rest : seenPath(`/${rest}`, changes);
}

function beginning(scheme: string | undefined, changes: RouteChanges): string {
  if (scheme === undefined) return "//";
  return `${scheme.toLowerCase() === "http" ? changes.scheme : scheme}://`;
}

/** Without the port that the scheme has anyway. */
function normal(authority: string, scheme = "http"): string {
  return authority.toLowerCase().replace(scheme.toLowerCase() === "https" ? /:(443)?$/ : /:(80)?$/, "");
}

function bare(path: string): string {
  return path.replace(/\/+$/, "");
}

/** In whole segments. */
function isUnder(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && /^(?:$|[/?#])/.test(path.slice(prefix.length));
}
