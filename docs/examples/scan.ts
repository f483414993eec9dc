import { definePlugin, type InjectionKey } from "sluice";
import { each } from "sluice/flow";

/** What the plugin needs from elsewhere. */
export interface Scanner {
  isClean(chunk: Buffer): Promise<boolean>;
}

/** The config's `providers` say what it stands for. Symbol.for: the same token in every load of this file. */
export const SCANNER = Symbol.for("examples.scanner") as InjectionKey<Scanner>;

/** Drops chunks that a scanner does not like, and waits for its answer. */
export const scan = definePlugin("scan", (_options, inject) => {
  const scanner = inject(SCANNER);
  return {
    fromClient: (data) => data.pipe(each(async (chunk) => ((await scanner.isClean(chunk)) ? chunk : null))),
  };
});
