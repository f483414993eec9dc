/** Marks text that cac would turn into a number, so that it would lose how it was typed ("007", "1.0", no text at all). No argument contains it. */
const MARK = "\0";

/** Marks a value of an option, or a word, so that cac leaves it as text. */
export function marked(argument: string): string {
  const [, option = "", value = argument] = /^(-[^=]*=)(.*)$/s.exec(argument) ?? [];
  return Number.isFinite(Number(value)) && (option !== "" || !argument.startsWith("-")) ? `${option}${MARK}${value}` : argument;
}

/** A value that cac has read, as it was typed. */
export function unmarked<T>(value: T): T {
  if (typeof value === "string") return value.replace(MARK, "") as T;
  return Array.isArray(value) ? (value.map(unmarked) as T) : value;
}

/** What a text means as JSON, such as a number; else the text. */
export function valueOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
