import { SluiceError } from "../../contract/index.ts";

/** The replacement of a match, in latin1: a text with `$1`, a text without, or a function. */
export type Replacement =
  | { readonly type: "template"; readonly text: string }
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "function"; readonly run: (match: string, ...groups: (string | undefined)[]) => string | Uint8Array };

/** @throws what the author's function throws; SLUICE_PLUGIN_ARGUMENT when it does not return bytes */
export function replacementText(replacement: Replacement, match: RegExpExecArray): string {
  if (replacement.type === "text") return replacement.text;
  if (replacement.type === "template") return filled(replacement.text, match);
  const [whole, ...groups] = match;
  const given: unknown = replacement.run(whole, ...groups);
  if (given instanceof Uint8Array) return Buffer.from(given.buffer, given.byteOffset, given.length).toString("latin1");
  // oxlint-disable-next-line no-control-regex -- everything outside latin1
  if (typeof given === "string" && !/[^\u0000-\u00ff]/.test(given)) return given;
  const what = typeof given === "string" ? "a text with characters that are no bytes: give Buffer.from(text)" : typeof given;
  throw new SluiceError("SLUICE_PLUGIN_ARGUMENT", `replaceBytes(): the replacement gave ${what}`);
}

/** Fills in `$$ $& $1 $<name>`, as `String.prototype.replace` does. */
function filled(text: string, match: RegExpExecArray): string {
  return text.replaceAll(/\$(?:\$|&|(\d{1,2})|<([^>]*)>)/g, (whole: string, digits?: string, name?: string) => {
    if (whole === "$$") return "$";
    if (whole === "$&") return match[0];
    if (name !== undefined) return match.groups === undefined ? whole : (match.groups[name] ?? "");
    const group = Number(digits);
    return group === 0 || group >= match.length ? whole : (match[group] ?? "");
  });
}
