import { existsSync } from "node:fs";
import { join } from "node:path";
import { none, type Authority, type Step, type Steps, type Store } from "./store.ts";

/** The folder of a Linux system's certificates, and the command to run after a change. On Debian without `--fresh`, which would not update Java. */
interface CertificateFolder {
  readonly folder: string;
  readonly ending: string;
  readonly update: readonly [string, ...string[]];
}

const linux: readonly CertificateFolder[] = [
  {
    folder: "/usr/local/share/ca-certificates",
    ending: "crt",
    update: ["update-ca-certificates"],
  },
  {
    folder: "/etc/pki/ca-trust/source/anchors",
    ending: "pem",
    update: ["update-ca-trust", "extract"],
  },
  {
    folder: "/etc/ca-certificates/trust-source/anchors",
    ending: "crt",
    update: ["trust", "extract-compat"],
  },
  { folder: "/usr/share/pki/trust/anchors", ending: "pem", update: ["update-ca-certificates"] },
];

const keychain = "/Library/Keychains/System.keychain";
const store = "the system";

function step(...command: [string, ...string[]]): Step {
  return { store, command, needsRoot: process.platform !== "win32" };
}

/** The store of the operating system, which curl, OpenSSL and most programs use. */
export const systemStore: Store = {
  name: "system",
  add: ({ file, name }) => {
    if (process.platform === "darwin")
      return { steps: [step("security", "add-trusted-cert", "-d", "-r", "trustRoot", "-k", keychain, file)], notes: [] };
    if (process.platform === "win32") return { steps: [step("certutil", "-addstore", "-user", "Root", file)], notes: [] };
    return onLinux(name, (target, { update }) => [step("install", "-m", "644", file, target), step(...update)]);
  },
  remove: ({ file, name }) => {
    if (process.platform === "darwin") return { steps: [step("security", "remove-trusted-cert", "-d", file)], notes: [] };
    if (process.platform === "win32") return { steps: [step("certutil", "-delstore", "-user", "Root", "Sluice local CA")], notes: [] };
    return onLinux(name, (target, { update }) => (existsSync(target) ? [step("rm", "-f", target), step(...update)] : []));
  },
};

function onLinux(name: Authority["name"], stepsOf: (target: string, folder: CertificateFolder) => Step[]): Steps {
  const place = linux.find(({ folder }) => existsSync(folder));
  if (place === undefined) return { ...none, notes: ["the system's store was not found: on Debian, install the package ca-certificates"] };
  return { steps: stepsOf(join(place.folder, `${name}.${place.ending}`), place), notes: [] };
}
