import { isIPv6 } from "node:net";

/**
 * The host in a Host field or `:authority`: in lower case, without final dot and without port, which may be empty (RFC 3986 section 3.2.3).
 * Undefined when it is malformed.
 */
export function hostOf(authority: string): string | undefined {
  const [, bracketed, name, port] =
    /^(?:(\[[0-9a-f:.]+\])|([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?))(?::(\d{0,5}))?$/i.exec(authority) ?? [];
  const host = bracketed ?? name;
  if (host === undefined || Number(port ?? 1) > 65_535) return undefined;
  return host.replace(/\.$/, "").toLowerCase();
}

/**
 * An `:authority` with an IPv6 address in brackets, as RFC 3986 section 3.2.2 wants it. The HTTP/2 client of Node leaves the brackets out
 * (`http2.connect("http://[::1]:8080")` sends `::1:8080`). It sends the port too, so what stands
 * behind the last colon is the port where that leaves an address.
 */
export function withBrackets(authority: string): string {
  if (!/^[0-9a-f]*:[0-9a-f:.]*:[0-9a-f.]*$/i.test(authority)) return authority;
  const at = authority.lastIndexOf(":");
  const [address, port] = [authority.slice(0, at), authority.slice(at + 1)];
  if (/^\d{1,5}$/.test(port) && isIPv6(address)) return `[${address}]:${port}`;
  return isIPv6(authority) ? `[${authority}]` : authority;
}
