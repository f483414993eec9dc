import { SluiceError } from "../../contract/errors/errors.ts";
import { nearest } from "../../contract/options/nearest.ts";
import { typedOptions, type TypedOption } from "./typed-options.ts";

/** An option as cac knows it: its names are in camelCase. */
interface KnownOption {
  readonly rawName: string;
  /** The longest of its names. */
  readonly name: string;
  readonly names: readonly string[];
  /** Whether it is `--no-…`. */
  readonly negated: boolean;
  /** Whether it must have a value; undefined: it is a switch. */
  readonly required?: boolean | undefined;
}

/**
 * Refuses options that a command does not have, and those that have a value too many or too few: cac would take `--json=x` as `--json x`, and a
 * switch that is given twice as off.
 *
 * @param values by the names of the options, as cac has read them
 * @throws SLUICE_USAGE
 */
export function refuseOptions(argv: readonly string[], known: readonly KnownOption[], values: Readonly<Record<string, unknown>>): void {
  const given = new Set<KnownOption>();
  for (const option of typedOptions(argv)) {
    const meant = known.find(({ names, negated }) => names.includes(option.name) && (negated || !option.negated));
    if (meant === undefined) throw unknown(option, known);
    if (given.has(meant)) throw new SluiceError("SLUICE_USAGE", `${option.text} was given more than once`);
    if (meant.required === undefined) refuseValue(option);
    given.add(meant);
  }
  for (const { rawName, name, required } of given) {
    const value = values[name];
    if (required === true && (value === true || value === "")) throw new SluiceError("SLUICE_USAGE", `${rawName}: the value is missing`);
  }
}

/** A switch may be given as `--watch=false`. */
function refuseValue({ text, value, negated }: TypedOption): void {
  if (value === undefined || (!negated && (value === "true" || value === "false"))) return;
  throw new SluiceError("SLUICE_USAGE", `${text}: expected no value, got ${JSON.stringify(value)}`);
}

/** The error for an option that the command does not have, in the spelling in which it was given. */
function unknown({ text, name }: TypedOption, known: readonly KnownOption[]): SluiceError {
  const names = known.flatMap((option) => option.names).filter((each) => each.length > 1);
  const meant = nearest(name, names);
  const negated = known.some((option) => option.negated && option.names.includes(meant ?? ""));
  const hint = meant === undefined || meant === name ? "" : `, did you mean "--${negated ? "no-" : ""}${withDashes(meant)}"?`;
  return new SluiceError("SLUICE_USAGE", `unknown option ${text}${hint}`);
}

function withDashes(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
