/** Node's own code, packages, and the core's: also as a package, and built. */
const foreign = /node_modules|node:|[\\/](core|rxjs)[\\/]/;

/** The line of a stack at which code of the plugin's author stands: the first that belongs to no package. Empty where there is none. */
export function authorsLine(stack: string | undefined): string {
  const lines = (stack ?? "").split("\n").filter((line) => /^\s+at .*:\d+/.test(line));
  return lines.find((line) => !foreign.test(line))?.trim() ?? "";
}
