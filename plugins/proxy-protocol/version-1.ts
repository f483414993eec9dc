import { socketAddress, type SocketAddress } from "sluice";
import { isIPv4, isIPv6 } from "node:net";
import { canonicalIPv6 } from "./canonical-ipv6.ts";
import { refuse, type ParsedHeader } from "./header.ts";

/** The beginning of every line of version 1. */
export const WORD: Buffer = Buffer.from("PROXY ");
/** Bytes of the longest line, with CRLF (section 2.1 says "107 chars", which includes the final zero of a C string). */
const MAX_LINE = 107;
const CR = 13;
const LF = 10;

const families = {
  TCP4: { family: "IPv4", isAddress: isIPv4, canonical: (text: string) => text },
  TCP6: { family: "IPv6", isAddress: (text: string) => isIPv6(text) && !text.includes("%"), canonical: canonicalIPv6 },
} as const;

/**
 * Reads a line such as `PROXY TCP4 192.0.2.1 198.51.100.1 50000 443\r\n`, which begins with {@link WORD}.
 *
 * @returns undefined when its end has not come yet
 * @throws HeaderFault
 */
export function readVersion1(bytes: Buffer): ParsedHeader | undefined {
  const seen = bytes.subarray(0, MAX_LINE);
  const end = seen.indexOf(CR);
  const line = (end < 0 ? seen : seen.subarray(0, end)).toString("latin1");
  // Checked before the line is complete, so that a wrong beginning is refused at once.
  if (line.includes("\n")) refuse("its line ends without a carriage return");
  if (end < 0 || end + 1 === seen.length) return seen.length < MAX_LINE ? undefined : refuse(`its line is longer than ${MAX_LINE} bytes`);
  if (seen[end + 1] !== LF) refuse("a carriage return in the middle of its line");
  return { header: { version: 1, command: "PROXY", tlvs: [], ...addressesIn(line) }, length: end + 2 };
}

function addressesIn(line: string): { source: SocketAddress | undefined; destination: SocketAddress | undefined } {
  const [, protocol = "", ...fields] = line.split(" ");
  // The rest of the line must be ignored (section 2.1).
  if (protocol === "UNKNOWN") return { source: undefined, destination: undefined };
  const known = protocol === "TCP4" || protocol === "TCP6" ? families[protocol] : refuse("its protocol is none of TCP4, TCP6 and UNKNOWN");
  const [from, to, fromPort, toPort] = fourOf(fields);
  if (!known.isAddress(from) || !known.isAddress(to)) refuse(`one of its addresses is no ${known.family} address`);
  return {
    source: socketAddress(known.canonical(from), portOf(fromPort), known.family),
    destination: socketAddress(known.canonical(to), portOf(toPort), known.family),
  };
}

function fourOf(fields: readonly string[]): readonly [string, string, string, string] {
  if (fields.length !== 4) refuse("its line needs two addresses and two ports, with one blank between them");
  return fields as unknown as readonly [string, string, string, string];
}

function portOf(text: string): number {
  const port = Number(text);
  return /^(0|[1-9]\d{0,4})$/.test(text) && port <= 65_535 ? port : refuse("one of its ports is no number from 0 to 65535");
}
