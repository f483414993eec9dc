/** The eight groups of a valid IPv6 address without a zone. */
export function ipv6Groups(address: string): number[] {
  // The URL parser (WHATWG, "IPv6 serializer") leaves one spelling: hexadecimal groups with at most one "::".
  const [left = "", right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const head = groupsOf(left);
  const tail = groupsOf(right);
  const zeros = Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
}

function groupsOf(text = ""): string[] {
  return text === "" ? [] : text.split(":");
}
