import { existsSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./find-program.ts";
import { none, type Steps, type Store } from "./store.ts";

function keytool(): string | undefined {
  const home = process.env["JAVA_HOME"];
  const ofHome = home === undefined ? undefined : join(home, "bin", process.platform === "win32" ? "keytool.exe" : "keytool");
  return ofHome !== undefined && existsSync(ofHome) ? ofHome : findProgram("keytool");
}

/** "changeit" is the default password of every JDK. */
const common = ["-cacerts", "-storepass", "changeit"];

function steps(parameters: readonly string[], nothingToDo: RegExp): Steps {
  const file = keytool();
  if (file === undefined) return none;
  return {
    steps: [{ store: "Java", command: [file, ...parameters, ...common], needsRoot: process.platform !== "win32", nothingToDo }],
    notes: [],
  };
}

/** The store of Java, of the JDK in JAVA_HOME or in the PATH. */
export const javaStore: Store = {
  name: "java",
  add: ({ file, name }) => steps(["-importcert", "-noprompt", "-alias", name, "-file", file], /already exists/),
  remove: ({ name }) => {
    // Debian's own hook adds the certificates that the system trusts, and does not remove them.
    const [own, ofDebian] = [name, `debian:${name}.pem`].map((alias) => steps(["-delete", "-alias", alias], /does not exist/));
    return { steps: [...(own?.steps ?? []), ...(ofDebian?.steps ?? [])], notes: [] };
  },
};
