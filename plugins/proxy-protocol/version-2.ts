import { socketAddress, type SocketAddress } from "sluice";
import { canonicalIPv6 } from "./canonical-ipv6.ts";
import { refuse, type ParsedHeader, type ProxyHeader } from "./header.ts";
import { readTlvs } from "./tlvs.ts";

/** The beginning of every header of version 2. */
export const SIGNATURE: Buffer = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
/** Bytes of signature, version and command, family and protocol, and length. */
const HEAD = 16;
/** The most bytes of addresses and extensions. The specification allows 64 KiB; what proxies send, including client certificates, is far below this. */
const MAX_LENGTH = 16 * 1024 - HEAD;
/** Bytes of the addresses, by family. */
const [INET, INET6, UNIX] = [12, 36, 216];
const PATH = 108;

type Addresses = Pick<ProxyHeader, "source" | "destination">;
const nobody: Addresses = { source: undefined, destination: undefined };

/**
 * Reads a binary header, which begins with {@link SIGNATURE}.
 *
 * @returns undefined when its end has not come yet
 * @throws HeaderFault
 */
export function readVersion2(bytes: Buffer): ParsedHeader | undefined {
  if (bytes.length > 12) checkCommand(bytes.readUInt8(12));
  if (bytes.length > 13) checkProtocol(bytes.readUInt8(12), bytes.readUInt8(13));
  if (bytes.length < HEAD) return undefined;
  const size = bytes.readUInt16BE(14);
  if (size > MAX_LENGTH) refuse(`it says it has ${size} bytes, more than ${MAX_LENGTH}`);
  const isLocal = (bytes.readUInt8(12) & 0x0f) === 0;
  const family = bytes.readUInt8(13) >> 4;
  const least = isLocal ? 0 : lengthOf(family);
  if (size < least) refuse(`it says it has ${size} bytes, and its addresses need ${least}`);
  const length = HEAD + size;
  if (bytes.length < length) return undefined;
  const header = bytes.subarray(0, length);
  // LOCAL: the family and the addresses must be ignored, whatever they are (section 2.2).
  if (isLocal) return { header: { version: 2, command: "LOCAL", ...nobody, tlvs: [] }, length };
  const tlvs = family === 0 ? tlvsOfNobody(header) : readTlvs(header, HEAD + least);
  return { header: { version: 2, command: "PROXY", ...addressesIn(header, family), tlvs }, length };
}

/** UNSPEC may have addresses, which are ignored (section 2.2). Nobody knows where they end, so there are extensions only where there is nothing else. */
function tlvsOfNobody(header: Buffer): ReturnType<typeof readTlvs> {
  try {
    return readTlvs(header, HEAD);
  } catch {
    return [];
  }
}

function checkCommand(byte: number): void {
  if (byte >> 4 !== 2) refuse(`its version is ${byte >> 4}, not 2`);
  if ((byte & 0x0f) > 1) refuse(`its command is ${byte & 0x0f}, neither LOCAL (0) nor PROXY (1)`);
}

/** Checks a PROXY header (section 2.2): unknown values must be refused; UNSPEC is a known value. */
function checkProtocol(command: number, byte: number): void {
  if ((command & 0x0f) === 0) return;
  if (byte >> 4 > 3) refuse(`its family of addresses is ${byte >> 4}, which nobody has defined`);
  if ((byte & 0x0f) > 2) refuse(`its transport protocol is ${byte & 0x0f}, which nobody has defined`);
}

function lengthOf(family: number): number {
  return [0, INET, INET6, UNIX][family] ?? 0;
}

function addressesIn(header: Buffer, family: number): Addresses {
  // UNSPEC as family or protocol: the addresses are those of the connection.
  if (family === 0 || (header.readUInt8(13) & 0x0f) === 0) return nobody;
  const block = header.subarray(HEAD, HEAD + lengthOf(family));
  if (family === 3) return { source: path(block, 0), destination: path(block, PATH) };
  const bytes = family === 1 ? 4 : 16;
  return { source: address(block, 0, bytes, bytes * 2), destination: address(block, bytes, bytes, bytes * 2 + 2) };
}

function address(block: Buffer, at: number, bytes: number, port: number): SocketAddress {
  const raw = block.subarray(at, at + bytes);
  if (bytes === 4) return socketAddress(raw.join("."), block.readUInt16BE(port), "IPv4");
  return socketAddress(ipv6(raw), block.readUInt16BE(port), "IPv6");
}

function ipv6(raw: Buffer): string {
  return canonicalIPv6(Array.from({ length: 8 }, (_, index) => raw.readUInt16BE(index * 2).toString(16)).join(":"));
}

function path(block: Buffer, at: number): SocketAddress {
  const whole = block.subarray(at, at + PATH);
  const end = whole.indexOf(0, whole[0] === 0 ? 1 : 0);
  return socketAddress((end < 0 ? whole : whole.subarray(0, end)).toString("utf8"), 0, "unix");
}
