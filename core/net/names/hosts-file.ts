import { isIP } from "node:net";
import path from "node:path";
import process from "node:process";
import { WatchedFile } from "./watched-file.ts";

/** The system's hosts file as it is now: names in lower case, with their addresses in the file's order. */
export type HostsFile = WatchedFile<ReadonlyMap<string, readonly string[]>>;

/** The path of this system's hosts file. */
export function systemHostsPath(): string {
  const root = process.env["SystemRoot"];
  return process.platform === "win32" && root !== undefined ? path.join(root, "System32", "drivers", "etc", "hosts") : "/etc/hosts";
}

/** Reads a hosts file (hosts(5)). */
export function createHostsFile(file: string): HostsFile {
  return new WatchedFile(file, parse);
}

function parse(text: string): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const alias of aliases) {
      const known = names.get(alias.toLowerCase());
      if (known === undefined) names.set(alias.toLowerCase(), [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return names;
}
