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
