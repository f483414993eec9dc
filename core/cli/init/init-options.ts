import { SluiceError } from "../../contract/index.ts";

/** What `sluice init` is told. What is not, it asks for at a terminal, or takes as usual. */
export interface InitOptions {
  readonly plugin: string | undefined;
  readonly template: string | undefined;
  /** Whether it may ask. */
  readonly interactive: boolean;
}

/** Reads them as the command line gives them. @throws SLUICE_USAGE */
export function readInitOptions({ plugin, template, interactive }: Readonly<Record<string, unknown>>): InitOptions {
  if (Array.isArray(plugin) || Array.isArray(template))
    throw new SluiceError("SLUICE_USAGE", `--${Array.isArray(plugin) ? "plugin" : "template"} was given more than once`);
  return { plugin: textOf(plugin), template: textOf(template), interactive: interactive !== false };
}

/** cac makes a number of what looks like one. */
function textOf(value: unknown): string | undefined {
  return typeof value === "number" ? String(value) : typeof value === "string" ? value : undefined;
}
