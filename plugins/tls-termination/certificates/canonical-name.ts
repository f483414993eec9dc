import { isIP } from "node:net";

/**
 * The one spelling of a DNS name or IP address in which names of certificates are compared: lower case, no final dot, IPv6 in its shortest form
 * (RFC 5952), as in addresses from the operating system. Any other text is returned in lower case.
 */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  if (isIP(lower) !== 6) return lower.replace(/\.$/, "");
  return URL.canParse(`http://[${lower}]`) ? new URL(`http://[${lower}]`).hostname.slice(1, -1) : lower;
}
