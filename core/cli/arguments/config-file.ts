import { existsSync } from "node:fs";

/** What a config is called, the first that is there being taken. */
export const configNames: readonly string[] = ["ts", "mts", "cts", "js", "mjs", "cjs", "json"].map((ending) => `proxy.config.${ending}`);

export interface ConfigFile {
  readonly config: string;
  /** Those beside it that are not taken. */
  readonly passedOver: readonly string[];
}

/** The config of the working directory; `proxy.config.ts` where there is none yet. */
export function findConfig(): ConfigFile {
  const [config = "proxy.config.ts", ...passedOver] = configNames.filter((name) => existsSync(name));
  return { config, passedOver };
}

/** What to tell of configs that were not taken: undefined when there are none. */
export function passedOverNote({ config, passedOver }: ConfigFile): string | undefined {
  if (passedOver.length === 0) return undefined;
  return `${config} is taken, and not ${passedOver.join(", ")} beside it: name one with -c FILE`;
}
