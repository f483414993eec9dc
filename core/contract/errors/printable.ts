// C0 (including line breaks), DEL, C1, and characters that reorder or break lines on a terminal.
// oxlint-disable-next-line no-control-regex -- the expression looks for them
const unprintable = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
const all = new RegExp(unprintable, "g");

/** Makes a text from anybody safe to print: it can neither forge a log line nor control a terminal. Such characters become `\x1b` or `\u202e`. */
export function printable(text: string): string {
  return unprintable.test(text) ? text.replace(all, escaped) : text;
}

/** The same for a text of several lines: line breaks and tabs stay. */
export function printableLines(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.split("\t").map(printable).join("\t"))
    .join("\n");
}

function escaped(character: string): string {
  const code = character.charCodeAt(0);
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
