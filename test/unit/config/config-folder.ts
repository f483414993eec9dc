import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A folder of its own for one test, removed after it. */
export interface ConfigFolder {
  readonly folder: string;
  /** Writes files, by name; gives the path of the first. */
  write(files: Readonly<Record<string, string>>): string;
  path(name: string): string;
}

/** Gives each test of the suite a fresh folder. */
export function configFolder(): ConfigFolder {
  let folder = "";
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), "sluice-config-")));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  return {
    get folder() {
      return folder;
    },
    path: (name) => path.join(folder, name),
    write(files) {
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
        writeFileSync(path.join(folder, name), text);
      }
      return path.join(folder, Object.keys(files)[0] ?? "");
    },
  };
}
