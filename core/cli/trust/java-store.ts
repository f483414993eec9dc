import { existsSync } from "node:fs";
import { join } from "node:path";
import { findProgram } from "./find-program.ts";
import { none, type Steps, type Store } from "./store.ts";

function keytool(): string | undefined {
  const home = process.env["JAVA_HOME"];
  const ofHome = home === undefined ? undefined : join(home, "bin", process.platform === "win32" ? "keytool.exe" : "keytool");
  return ofHome !== undefined && existsSync(ofHome) ? ofHome : findProgram("keytool");
}

/** "changeit" is what every JDK comes with. */
const common = ["-cacerts", "-storepass", "changeit"];

function steps(parameters: readonly string[], mayFail: boolean): Steps {
  const file = keytool();
  if (file === undefined) return none;
  return {
    steps: [{ store: "Java", command: [file, ...parameters, ...common], needsRoot: process.platform !== "win32", mayFail }],
    notes: [],
  };
}

/** Java's, of the JDK in JAVA_HOME or the PATH. */
export const javaStore: Store = {
  name: "java",
  add: ({ file, name }) => steps(["-importcert", "-noprompt", "-alias", name, "-file", file], false),
  remove: ({ name }) => {
    // Debian's own hook puts in what the system trusts, and leaves it there.
    const [own, ofDebian] = [name, `debian:${name}.pem`].map((alias) => steps(["-delete", "-alias", alias], true));
    return { steps: [...(own?.steps ?? []), ...(ofDebian?.steps ?? [])], notes: [] };
  },
};
