const PER_LINE = 16;

/** Bytes in the form of `hexdump -C`: offset, two groups of eight, and the ASCII characters; lines that repeat the previous one become a `*`. */
export function hexDump(bytes: Buffer): string {
  const lines: string[] = [];
  let before: Buffer | undefined;
  for (let offset = 0; offset < bytes.length; offset += PER_LINE) {
    const row = bytes.subarray(offset, offset + PER_LINE);
    if (row.length < PER_LINE || before?.equals(row) !== true) lines.push(dumped(row, offset));
    else if (lines.at(-1) !== "*") lines.push("*");
    before = row;
  }
  return [...lines, offsetText(bytes.length)].join("\n");
}

function dumped(row: Buffer, offset: number): string {
  const pairs = Array.from(row, (byte) => byte.toString(16).padStart(2, "0"));
  const groups = [pairs.slice(0, 8), pairs.slice(8)].map((group) => group.join(" ").padEnd(23));
  const text = row.toString("latin1").replaceAll(/[^\u0020-\u007e]/g, ".");
  return `${offsetText(offset)}  ${groups.join("  ")}  |${text}|`;
}

function offsetText(offset: number): string {
  return offset.toString(16).padStart(8, "0");
}
