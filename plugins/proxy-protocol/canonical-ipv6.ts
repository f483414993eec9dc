/** The one spelling of an IPv6 address (RFC 5952), so that one client has one name. A mapped IPv4 address is written with dots, so that it is recognized as IPv4. */
export function canonicalIPv6(address: string): string {
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(text) ?? [];
  if (high === undefined || low === undefined) return text;
  const [left, right] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
  return `::ffff:${left >> 8}.${left & 0xff}.${right >> 8}.${right & 0xff}`;
}
