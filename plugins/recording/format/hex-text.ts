/** Finds `${name}` in a template. */
export const PLACEHOLDER = /\$\{(\w+)\}/g;

/**
 * The bytes of a text: hex digits with spaces and line breaks, or the output of `hexdump -C`.
 *
 * @param template whether `${name}` stays as it is
 * @returns undefined when the text is neither
 */
export function bytesOfHex(text: string, template: boolean): Buffer | undefined {
  const digits = digitsOf(text);
  const parts: Buffer[] = [];
  let from = 0;
  for (const match of [...(template ? digits.matchAll(PLACEHOLDER) : []), undefined]) {
    const compact = digits.slice(from, match?.index).replaceAll(/\s/g, "");
    if (!/^(?:[\da-f]{2})*$/i.test(compact)) return undefined;
    parts.push(Buffer.from(compact, "hex"));
    if (match === undefined) break;
    parts.push(Buffer.from(match[0]));
    from = match.index + match[0].length;
  }
  return Buffer.concat(parts);
}

/** The digits in the output of `hexdump -C`. Each line has an offset, the digits, and the text between bars; the last line has only an offset. */
function digitsOf(text: string): string {
  if (!text.includes("|")) return text;
  const lines = text.split("\n").map((line) => line.replace(/^\s*[\da-f]{6,16}(?=\s|$)/i, "").replace(/\|.*$/, ""));
  return lines.join(" ");
}
