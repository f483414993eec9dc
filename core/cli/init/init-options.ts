import { SluiceError } from "../../contract/index.ts";

/** The options of `sluice init`. Missing options are asked for at a terminal; elsewhere defaults are used. */
export interface InitOptions {
  readonly plugin: string | undefined;
  readonly template: string | undefined;
  /** Whether it may ask questions. */
  readonly interactive: boolean;
}

/** Reads the options of the command line. @throws SLUICE_USAGE */
export function readInitOptions({ plugin, template, interactive }: Readonly<Record<string, unknown>>): InitOptions {
  if (Array.isArray(plugin) || Array.isArray(template))
    throw new SluiceError("SLUICE_USAGE", `--${Array.isArray(plugin) ? "plugin" : "template"} was given more than once`);
  return { plugin: textOf(plugin), template: textOf(template), interactive: interactive !== false };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
