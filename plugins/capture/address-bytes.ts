/** An IP address as its 4 or 16 bytes. */
export function addressBytes(address: string, isV6: boolean): Buffer {
  if (!isV6) return Buffer.from(address.split(".").map(Number));
  const [left = "", right] = hexGroups(address).split("::");
  const front = left === "" ? [] : left.split(":");
  const back = right === undefined || right === "" ? [] : right.split(":");
  const missing = Array.from({ length: 8 - front.length - back.length }, () => "0");
  const bytes = Buffer.alloc(16);
  [...front, ...missing, ...back].forEach((group, index) => bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2));
  return bytes;
}

/** The address without its zone, and with an IPv4 address at its end (`::ffff:127.0.0.1`) written as two groups. */
function hexGroups(address: string): string {
  return address.replace(/%.*$/, "").replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...parts: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
}
