import { SluiceError, type Provider, type Transport } from "../../contract/index.ts";

/** How a plugin is tested, by its cases and by the compliance suite. */
export interface CaseTerms {
  /** The transport of the plugin's listener. @default "tcp" */
  readonly transport?: Transport;
  /** Providers for the plugin, which replace those of the core. */
  readonly providers?: readonly Provider[];
  /**
   * Says that the plugin's output depends on where chunks are cut, for example because it numbers them: chunks are not cut differently.
   * @default its output must not depend on it
   */
  readonly borders?: "matter";
}

export const termNames = ["transport", "providers", "borders"] as const satisfies readonly (keyof CaseTerms)[];

/** @param place the function that got the terms, for the message. @throws SLUICE_TEST_INVALID */
export function checkBorders({ borders }: CaseTerms, place: string): void {
  if (borders !== undefined && borders !== "matter")
    throw new SluiceError("SLUICE_TEST_INVALID", `${place}: borders: expected "matter" or nothing, got ${JSON.stringify(borders)}`);
}
