import { readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import path from "node:path";
import process from "node:process";

/** Looks names up in the system's hosts file, which is read again whenever it changed. */
export interface HostsFile {
  /** The addresses of a name in lower case, in the file's order; none when the file has none, or cannot be read. */
  lookup(name: string): Promise<readonly string[]>;
}

/** Where the hosts file of this system is. */
export function systemHostsPath(): string {
  const root = process.env["SystemRoot"];
  return process.platform === "win32" && root !== undefined ? path.join(root, "System32", "drivers", "etc", "hosts") : "/etc/hosts";
}

/** Reads a hosts file (hosts(5)). */
export function createHostsFile(file: string): HostsFile {
  let stamp = "";
  let names: ReadonlyMap<string, readonly string[]> = new Map();
  return {
    async lookup(name) {
      try {
        const { mtimeMs, size, ino } = await stat(file);
        const now = `${mtimeMs} ${size} ${ino}`;
        if (now !== stamp) {
          names = parse(await readFile(file, "utf8"));
          stamp = now;
        }
      } catch {
        // A machine without a hosts file is no error: its names are in DNS alone.
        names = new Map();
        stamp = "";
      }
      return names.get(name) ?? [];
    },
  };
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
