import { SluiceError } from "../../contract/errors/errors.ts";
import { nearest } from "../../contract/options/nearest.ts";

/** An option as cac knows it: its names are in camelCase. */
interface KnownOption {
  readonly names: readonly string[];
  readonly negated: boolean;
}

/**
 * Refuses an option that the command does not have, in the spelling in which it was given.
 *
 * @param given the names of the options as cac has read them, in camelCase
 * @throws SLUICE_USAGE
 */
export function refuseUnknown(given: readonly string[], known: readonly KnownOption[], argv: readonly string[]): void {
  const names = known.flatMap((option) => option.names);
  const stranger = [...given, ...namesIn(argv)].find((name) => name !== "--" && !names.includes(name));
  if (stranger === undefined) return;
  const meant = nearest(
    stranger,
    names.filter((name) => name.length > 1),
  );
  const negated = known.some((option) => option.negated && option.names.includes(meant ?? ""));
  const hint = meant === undefined ? "" : `, did you mean "--${negated ? "no-" : ""}${withDashes(meant)}"?`;
  throw new SluiceError("SLUICE_USAGE", `unknown option ${spelling(stranger, argv)}${hint}`);
}

/** The names of the options as they were typed, in camelCase: cac drops some without a word, such as `--__proto__`, and makes objects of others (`--config.x`). */
function namesIn(argv: readonly string[]): string[] {
  const last = argv.indexOf("--");
  const options = (last === -1 ? argv : argv.slice(0, last)).filter((argument) => /^-./.test(argument));
  return options.flatMap((option) => {
    const typed = option.replace(/=.*$/s, "");
    return typed.startsWith("--") ? [camelCase(typed)] : typed.slice(1).split("");
  });
}

/** How an option stands in the arguments. */
function spelling(name: string, argv: readonly string[]): string {
  const written = argv.map((argument) => argument.replace(/=.*$/s, "")).find((argument) => camelCase(argument) === name);
  return written ?? `${name.length > 1 ? "--" : "-"}${withDashes(name)}`;
}

function camelCase(option: string): string {
  return option.replace(/^--?(no-)?/, "").replaceAll(/-([a-z])/g, (_dash, letter: string) => letter.toUpperCase());
}

function withDashes(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
