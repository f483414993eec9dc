import { NoHeader, type ParsedHeader } from "./header.ts";
import { readVersion1, WORD } from "./version-1.ts";
import { readVersion2, SIGNATURE } from "./version-2.ts";

/**
 * Reads the header of version 1 or 2 at the beginning of the bytes. Bytes that cannot be a header are refused at the first wrong byte.
 *
 * @returns undefined when more bytes are needed
 * @throws HeaderFault; NoHeader when the bytes do not begin like one
 */
export function readHeader(bytes: Buffer): ParsedHeader | undefined {
  if (bytes.length === 0) return undefined;
  const isBinary = bytes[0] === SIGNATURE[0];
  const beginning = isBinary ? SIGNATURE : WORD;
  const common = Math.min(bytes.length, beginning.length);
  if (bytes.compare(beginning, 0, common, 0, common) !== 0) throw new NoHeader(`it begins with ${bytes.toString("hex", 0, 12)}`);
  if (common < beginning.length) return undefined;
  return isBinary ? readVersion2(bytes) : readVersion1(bytes);
}
