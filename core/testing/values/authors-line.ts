/** Matches code of Node, of packages, and of Sluice's core, also as an installed package. */
const foreign = /node_modules|node:|[\\/](core|rxjs)[\\/]/;

/** The line of a stack in the plugin author's own code: the first that belongs to no package. Empty when there is none. */
export function authorsLine(stack: string | undefined): string {
  const lines = (stack ?? "").split("\n").filter((line) => /^\s+at .*:\d+/.test(line));
  return lines.find((line) => !foreign.test(line))?.trim() ?? "";
}

/** The same of where an error was made, for the end of a description: ` (added at file:line:column)`. */
export function placeOf({ stack }: Error, done: string): string {
  const line = authorsLine(stack);
  return line === "" ? "" : ` (${line.replace(/^at /, `${done} at `)})`;
}
