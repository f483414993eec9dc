import { createRequire } from "node:module";
import type * as Swc from "@swc/core";
import { reasonOf, SluiceError } from "../../contract/index.ts";

const require = createRequire(import.meta.url);
let loaded: typeof Swc | undefined;

/**
 * swc, which is loaded when something is to be compiled: its program unpacks itself into a cache at the first start of a user, and
 * a proxy that compiles nothing is to run where there is no place for that.
 *
 * @param file what is to be compiled
 * @throws SLUICE_COMPILER_UNAVAILABLE when it cannot be loaded, with the reason
 */
export function swc(file: string): typeof Swc {
  try {
    loaded ??= require("@swc/core") as typeof Swc;
    return loaded;
  } catch (error) {
    throw new SluiceError("SLUICE_COMPILER_UNAVAILABLE", `swc, which is to compile it, cannot be loaded: ${nativeReason(error)}`, {
      where: file,
      cause: error,
    });
  }
}

/** What its program says, where it is there: swc itself says only that "native binding" failed, with one cause for each place that it looked at. */
function nativeReason(thrown: unknown): string {
  const causes: readonly unknown[] = thrown instanceof Error && Array.isArray(thrown.cause) ? thrown.cause : [thrown];
  const told = causes.find((cause) => !isMissing(cause)) ?? causes.at(-1);
  // What to do stands in the catalogue, for every platform.
  return reasonOf(told).split(/\n|; set SWC_/, 1)[0] ?? "";
}

function isMissing(cause: unknown): boolean {
  return cause instanceof Error && "code" in cause && cause.code === "MODULE_NOT_FOUND";
}
