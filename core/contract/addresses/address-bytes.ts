import { ipv6Groups } from "./ipv6-groups.ts";

/** An IP address as its 4 or 16 bytes, as protocols send it. @param address without brackets; a zone is left out */
export function addressBytes(address: string): Buffer {
  if (!address.includes(":")) return Buffer.from(address.split(".").map(Number));
  const bytes = Buffer.alloc(16);
  ipv6Groups(address.split("%", 1)[0] ?? "").forEach((group, index) => bytes.writeUInt16BE(group, index * 2));
  return bytes;
}
