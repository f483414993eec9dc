import { SluiceError } from "../../contract/index.ts";

/** Letters, digits and a few signs: no separator, no NUL, nothing that begins with a dot or reads as an option. */
const pattern = /^[\p{L}\p{N}_][\p{L}\p{N}_.+@ -]{0,119}$/u;

/** The name of a file in the folder of the API, which is never a path. @throws SLUICE_ADMIN_REQUEST */
export function checkedName(name: string, folder: string): string {
  // Two dots in a row are harmless within a name, but nobody needs them.
  if (pattern.test(name) && !name.includes("..")) return name;
  throw new SluiceError(
    "SLUICE_ADMIN_REQUEST",
    `expected the name of a file in ${folder}, and no path: up to 120 letters, digits and _ . + @ -, not beginning with a dot; got ${JSON.stringify(name)}`,
  );
}

/** The name of a file for which none was given: `web-20260131-173005-042.pcapng`. */
export function nameOf(listener: string, ending: string): string {
  const time = new Date().toISOString().replaceAll(/[-:Z]/g, "").replaceAll(/[T.]/g, "-");
  return `${listener.replaceAll(/[^\p{L}\p{N}_-]/gu, "-")}-${time}${ending}`;
}
