/** What `${name}` looks like in a template. */
export const PLACEHOLDER = /\$\{(\w+)\}/g;

/**
 * Bytes of hex digits, spaces and line breaks among them, or of what `hexdump -C` prints. `${name}` stays as it is, for a template.
 *
 * @returns undefined: it is neither
 */
export function bytesOfHex(text: string): Buffer | undefined {
  const digits = digitsOf(text);
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of [...digits.matchAll(PLACEHOLDER), undefined]) {
    const compact = digits.slice(from, match?.index).replaceAll(/\s/g, "");
    if (!/^(?:[\da-f]{2})*$/i.test(compact)) return undefined;
    parts.push(Buffer.from(compact, "hex"));
    if (match === undefined) break;
    parts.push(Buffer.from(match[0]));
    from = match.index + match[0].length;
  }
  return Buffer.concat(parts);
}

/** What `hexdump -C` prints: an offset, the digits, and the text between bars; the last line is an offset alone. */
function digitsOf(text: string): string {
  if (!text.includes("|")) return text;
  const lines = text.split("\n").map((line) => line.replace(/^\s*[\da-f]{6,16}(?=\s|$)/i, "").replace(/\|.*$/, ""));
  return lines.join(" ");
}
