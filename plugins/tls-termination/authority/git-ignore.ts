import { join } from "node:path";
import { readExisting, writeWhole } from "./whole-file.ts";

/**
 * Makes git ignore a folder, so that `git add` does not add a key in it to a repository. A `.gitignore` that is there is kept, and extended if it
 * does not ignore the key.
 *
 * @param key the name of the key's file
 */
export async function keepOutOfRepositories(folder: string, key: string): Promise<void> {
  const file = join(folder, ".gitignore");
  const text = (await readExisting(file)) ?? "";
  // A full disk may have left an empty file.
  if (text.trim() === "") await writeWhole(file, "*\n", 0o644);
  else if (!ignores(text, key)) await writeWhole(file, `${text.replace(/\n?$/, "\n")}${key}\n`, 0o644);
}

/** Whether a `.gitignore` ignores a file beside it: the last pattern that matches decides (gitignore(5)). A pattern of an unusual form matches nothing. */
function ignores(text: string, name: string): boolean {
  const patterns = text.split(/\r?\n/).map((line) => /^(!?)\/?([^#!/].*?) *$/.exec(line));
  const last = patterns.findLast((found) => found !== null && globOf(found[2] ?? "").test(name));
  return last?.[1] === "";
}

function globOf(pattern: string): RegExp {
  const text = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`).replaceAll(/\*+/g, ".*");
  return new RegExp(`^${text.replaceAll("?", ".")}$`);
}
