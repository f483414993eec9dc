/** The options of `sluice init`. Missing options are asked for at a terminal; elsewhere defaults are used. */
export interface InitOptions {
  readonly plugin: string | undefined;
  readonly template: string | undefined;
  /** Whether it may ask questions. */
  readonly interactive: boolean;
}

/** Reads the options of the command line. */
export function readInitOptions({ plugin, template, interactive }: Readonly<Record<string, unknown>>): InitOptions {
  return { plugin: textOf(plugin), template: textOf(template), interactive: interactive !== false };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
