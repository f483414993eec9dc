import { isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

interface Authority {
  readonly host: string;
  /** Empty without a port, which may be empty itself (RFC 3986 section 3.2.3). */
  readonly port: string;
}

/**
 * The host in a Host field or `:authority`, in its one spelling: in lower case, without final dot and without port, and an IPv6 address in its shortest
 * form. Undefined when it is malformed.
 */
export function hostOf(authority: string): string | undefined {
  return parsed(authority)?.host;
}

/** Whether two fields name the same host and port, in whatever spelling (RFC 9113 section 8.3.1). */
export function isSameAuthority(one: string, other: string): boolean {
  if (one === other) return true;
  const [a, b] = [parsed(one), parsed(other)];
  return a !== undefined && a.host === b?.host && a.port === b.port;
}

/** The host of a route in the spelling of `hostOf`, with `*.` in front where it had that; undefined when it is none. */
export function routeHost(text: string): string | undefined {
  const [wildcard, name] = text.startsWith("*.") ? ["*.", text.slice(2)] : ["", text];
  // A name that is not ASCII is asked for in its ASCII form. An address is no domain, and the function would accept other spellings of it.
  const host = hostOf(/^[\0-\u007f]*$/.test(name) ? name : domainToASCII(name));
  return host === undefined || /:\d*$/.test(name) ? undefined : wildcard + host;
}

function parsed(authority: string): Authority | undefined {
  const [, bracketed, name, port = ""] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?))(?::(\d{0,5}))?$/i.exec(authority) ?? [];
  if (Number(port) > 65_535) return undefined;
  if (name !== undefined) return { host: name.replace(/\.$/, "").toLowerCase(), port };
  if (bracketed === undefined || !isIPv6(bracketed)) return undefined;
  return { host: new URL(`http://[${bracketed}]`).hostname, port };
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
