import { isIP } from "node:net";

/**
 * The one spelling of a DNS name or IP address, as names of certificates are compared: lower case, no final dot, IPv6 in its shortest form
 * (RFC 5952), which is how the operating system gives addresses. What is neither comes back in lower case.
 */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  if (isIP(lower) !== 6) return lower.replace(/\.$/, "");
  return URL.canParse(`http://[${lower}]`) ? new URL(`http://[${lower}]`).hostname.slice(1, -1) : lower;
}
