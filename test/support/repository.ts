import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// Compiled, this file is dist/test/support/repository.js.
/** The top folder of the checkout. */
export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The text of a file of the checkout. */
export const readText = (path: string): string => readFileSync(join(root, path), "utf8");

/** All files under a folder of the checkout whose names end so, relative to the checkout; none when the folder is absent. */
export function filesUnder(folder: string, ending: string): string[] {
  try {
    return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(ending))
      .map((name) => join(folder, name))
      .toSorted();
  } catch {
    return [];
  }
}

/** The pages of the documentation: those of the top level, and all of docs/. */
export function documentationPages(): string[] {
  const top = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"].filter((page) => existsSync(join(root, page)));
  return [...top, ...filesUnder("docs", ".md")];
}
