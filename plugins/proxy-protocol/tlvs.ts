import { crc32c } from "./crc32c.ts";
import { refuse, type ProxyTlv } from "./header.ts";

const CRC32C = 0x03;
const NOOP = 0x04;
/** Bytes of type and length. */
const HEAD = 3;

/**
 * Reads the extensions after the addresses of a header.
 *
 * @param header the whole header
 * @param start where the addresses end
 * @throws HeaderFault when an extension does not fit, or the checksum is wrong
 */
export function readTlvs(header: Buffer, start: number): ProxyTlv[] {
  const tlvs: ProxyTlv[] = [];
  for (let at = start; at < header.length;) {
    if (at + HEAD > header.length) refuse("its last extension (TLV) is cut off");
    const type = header.readUInt8(at);
    const end = at + HEAD + header.readUInt16BE(at + 1);
    if (end > header.length) refuse(`its extension (TLV) of type ${type} is longer than what is left of the header`);
    // A copy: the value lives as long as the session; the chunk around it should not.
    const value = Buffer.from(header.subarray(at + HEAD, end));
    if (type === CRC32C) verify(header, at + HEAD, value);
    if (type !== NOOP) tlvs.push({ type, value });
    at = end;
  }
  return tlvs;
}

/** Section 2.2.3: the checksum covers the whole header, with its own bytes set to zero. */
function verify(header: Buffer, at: number, value: Buffer): void {
  if (value.length !== 4) refuse("its checksum does not have 4 bytes");
  const zeroed = Buffer.from(header);
  zeroed.fill(0, at, at + 4);
  if (crc32c(zeroed) !== value.readUInt32BE(0)) refuse("its checksum (CRC-32C) is wrong");
}
