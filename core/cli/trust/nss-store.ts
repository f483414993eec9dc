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

function each(parameters: readonly string[], found: readonly string[]): Steps {
  if (found.length === 0) return none;
  const certutil = process.platform === "win32" ? undefined : findProgram("certutil");
  if (certutil === undefined)
    return {
      ...none,
      notes: ["browsers were skipped, because certutil is missing; install libnss3-tools (Debian), nss-tools (Fedora), nss (Homebrew)"],
    };
  const steps = found.map((database) => ({
    store: database,
    command: [certutil, "-d", `sql:${database}`, ...parameters] as const,
    needsRoot: false,
    nothingToDo: /could not find certificate/,
  }));
  return { steps, notes: [] };
}

/** The stores of browsers on Linux, and of Firefox on all systems. */
export const nssStore: Store = {
  name: "nss",
  add: ({ file, name }) => {
    const found = databases();
    return found.length === 0 ? { ...none, notes: [noDatabase] } : each(["-A", "-t", "C,,", "-n", name, "-i", file], found);
  },
  remove: ({ name }) => each(["-D", "-n", name], databases()),
};
