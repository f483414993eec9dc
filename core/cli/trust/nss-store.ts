import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findProgram } from "./find-program.ts";
import { none, type Steps, type Store } from "./store.ts";

/** Folders whose subfolders are profiles of Firefox. */
const profiles = [".mozilla/firefox", "snap/firefox/common/.mozilla/firefox", "Library/Application Support/Firefox/Profiles"];
/** The databases of Chromium and Chrome on Linux. */
const shared = [".pki/nssdb", "snap/chromium/current/.pki/nssdb"];

const noDatabase = "browsers were skipped, because none has a database here yet; start the browser once, then run this again";

/** The NSS databases of this user. */
function databases(): string[] {
  const home = homedir();
  const ofFirefox = profiles.flatMap((folder) => subfolders(join(home, folder)));
  return [...shared.map((folder) => join(home, folder)), ...ofFirefox].filter((folder) => existsSync(join(folder, "cert9.db")));
}

function subfolders(folder: string): string[] {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function each(parameters: (database: string) => readonly string[], mayFail: boolean): Steps {
  const found = databases();
  // To remove from nowhere is done.
  if (found.length === 0) return mayFail ? none : { ...none, notes: [noDatabase] };
  const certutil = process.platform === "win32" ? undefined : findProgram("certutil");
  if (certutil === undefined)
    return {
      ...none,
      notes: ["browsers were skipped, because certutil is missing; install libnss3-tools (Debian), nss-tools (Fedora), nss (Homebrew)"],
    };
  const steps = found.map((database) => ({
    store: database,
    command: [certutil, "-d", `sql:${database}`, ...parameters(database)] as const,
    needsRoot: false,
    mayFail,
  }));
  return { steps, notes: [] };
}

/** The stores of browsers on Linux, and of Firefox on all systems. */
export const nssStore: Store = {
  name: "nss",
  add: ({ file, name }) => each(() => ["-A", "-t", "C,,", "-n", name, "-i", file], false),
  remove: ({ name }) => each(() => ["-D", "-n", name], true),
};
