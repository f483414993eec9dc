import { readFileSync } from "node:fs";
import { placeText } from "../../config/explain/code-frame.ts";
import { addressText, parseListen, type ListenAddress } from "../../contract/index.ts";
import { transports } from "../../net/transports/table.ts";

const literal = /(["'`])([a-z][a-z0-9+.-]*:\/\/[^"'`\s]*)\1/g;

/**
 * The place of a listen address in a config: `file:line:column` if the address is written there as text exactly once, else only the file. A config is
 * code, and may compose its addresses.
 */
export function listenPlace(file: string, address: ListenAddress): string {
  const source = sourceOf(file);
  const found = [...source.matchAll(literal)].filter(([, , text = ""]) => isAt(text, address));
  const [only] = found;
  if (only === undefined || found.length > 1) return file;
  const before = source.slice(0, only.index).split(/\r?\n/);
  return placeText({ file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 });
}

function isAt(text: string, address: ListenAddress): boolean {
  try {
    return addressText(parseListen(text, transports)) === addressText(address);
  } catch {
    return false;
  }
}

function sourceOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
