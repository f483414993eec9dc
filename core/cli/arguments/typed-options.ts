/** An option as it stands in the arguments. */
export interface TypedOption {
  /** As it was typed, without its value: `--log-level`, `-c`. */
  readonly text: string;
  /** The name in camelCase, as cac has it, without `no-`. */
  readonly name: string;
  /** Whether it was typed as `--no-…`. */
  readonly negated: boolean;
  /** What was typed after "="; undefined: nothing, or the next argument. */
  readonly value: string | undefined;
}

/** The options in the arguments. Those that cac drops without a word (`--__proto__`) or makes objects of (`--config.x`) are among them. */
export function typedOptions(argv: readonly string[]): TypedOption[] {
  const last = argv.indexOf("--");
  return (last === -1 ? argv : argv.slice(0, last)).filter((argument) => /^-./.test(argument)).flatMap(typedIn);
}

/** One argument: a long option, or letters. */
function typedIn(argument: string): TypedOption[] {
  const [, text = "", value] = /^([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
  if (text.startsWith("--")) return [{ text, name: camelCase(text), negated: text.startsWith("--no-"), value }];
  return text
    .slice(1)
    .split("")
    .map((letter) => ({ text: `-${letter}`, name: letter, negated: false, value }));
}

function camelCase(option: string): string {
  return option.replace(/^--(no-)?/, "").replaceAll(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}
