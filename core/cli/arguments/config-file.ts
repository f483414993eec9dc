import { existsSync } from "node:fs";

/** The names of configs; the first that exists is used. */
export const configNames: readonly string[] = ["ts", "mts", "cts", "js", "mjs", "cjs", "json"].map((ending) => `proxy.config.${ending}`);

export interface ConfigFile {
  readonly config: string;
  /** Other configs in the folder that are not used. */
  readonly passedOver: readonly string[];
}

/** The config of the working directory; `proxy.config.ts` if there is none yet. */
export function findConfig(): ConfigFile {
  const [config = "proxy.config.ts", ...passedOver] = configNames.filter((name) => existsSync(name));
  return { config, passedOver };
}

/** A note about configs that are not used; undefined when there are none. */
export function passedOverNote({ config, passedOver }: ConfigFile): string | undefined {
  if (passedOver.length === 0) return undefined;
  return `using ${config}, not ${passedOver.join(", ")} in the same folder: choose one with -c FILE`;
}
