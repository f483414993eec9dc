import { readFileSync } from "node:fs";
import { placeText } from "../../config/explain/code-frame.ts";
import { addressText, parseListen, type ListenAddress } from "../../contract/index.ts";
import { transports } from "../../net/transports/table.ts";

const literal = /(["'`])([a-z][a-z0-9+.-]*:\/\/[^"'`\s]*)\1/g;

/**
 * Where a config writes an address to listen on: `file:line:column`, when it is written there as a text and only once; else the file.
 * A config is code, and may put its addresses together.
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
