import { expect } from "chai";
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as plugins from "../../plugins/index.ts";
import { documentationPages, filesUnder, readText, root } from "../support/repository.ts";

const pages = documentationPages();

const withoutCode = (text: string): string => text.replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "");

/** How GitHub names the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll("`", "")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replaceAll(/\s/g, "-");

const anchorsOf = (text: string): string[] =>
  [...text.replaceAll(/^```.*?^```/gms, "").matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => anchorOf(heading));

function brokenLinks(page: string): string[] {
  const links = [...withoutCode(readText(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
  return links.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : join(dirname(page), path);
    if (!existsSync(join(root, file))) return true;
    if (anchor === undefined || !file.endsWith(".md") || statSync(join(root, file)).isDirectory()) return false;
    return !anchorsOf(readText(file)).includes(anchor);
  });
}

const kebab = (id: string): string => id.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

interface DocumentedPlugin {
  readonly id: string;
  readonly keys: readonly string[];
}

function builtIns(): DocumentedPlugin[] {
  const factories = Object.values(plugins as Record<string, unknown>).filter(
    (value): value is { readonly definition: DocumentedPlugin } => typeof value === "function" && "definition" in value,
  );
  return factories.map(({ definition: { id, keys } }) => ({ id, keys }));
}

/** The options of a page are the first cells of its tables' rows: `name`. */
const optionsOn = (page: string): string[] => [...readText(page).matchAll(/^\| `(\w+)` \|/gm)].map(([, name = ""]) => name);

describe("the documentation", () => {
  it("has no broken relative link", () => {
    const broken = pages.flatMap((page) => brokenLinks(page).map((link) => `${page}: ${link}`));
    expect(broken).to.deep.equal([]);
  });

  it("has a page for every built-in plugin, which lists exactly the options that its schema knows", () => {
    const found = builtIns();
    expect(found).to.have.lengthOf.at.least(6);
    for (const { id, keys } of found) {
      const page = `docs/plugins/${kebab(id)}.md`;
      expect(existsSync(join(root, page)), page).to.equal(true);
      const common = new Set(["enabled", "name", "onError"]);
      const options = optionsOn(page).filter((name) => !common.has(name));
      expect([...new Set(options)].toSorted(), page).to.deep.equal([...keys].toSorted());
    }
  });

  it("has no page for a plugin that does not exist", () => {
    const known = new Set(builtIns().map(({ id }) => `${kebab(id)}.md`));
    const pagesOfPlugins = filesUnder("docs/plugins", ".md").map((file) => basename(file));
    expect(pagesOfPlugins.filter((file) => file !== "README.md" && !known.has(file))).to.deep.equal([]);
  });

  it("gives each decision a unique number, has the number in its title, and lists all decisions", () => {
    const files = filesUnder("docs/decisions", ".md")
      .map((file) => basename(file))
      .filter((file) => file !== "README.md");
    const numbers = files.map((file) => file.slice(0, 4));
    expect(numbers.filter((number) => !/^\d{4}$/.test(number))).to.deep.equal([]);
    expect(new Set(numbers).size).to.equal(numbers.length);
    const index = readText("docs/decisions/README.md");
    for (const file of files) {
      expect(index, "docs/decisions/README.md").to.include(`(${file})`);
      expect(readText(`docs/decisions/${file}`), file).to.match(new RegExp(`^# ${file.slice(0, 4)}[.:]? `));
    }
  });

  it("never shows a listener outside loopback without a note about it", () => {
    const open = pages.filter((page) => /listen: "(tcp|udp|tls):\/\/(0\.0\.0\.0|\[::\])/.test(readText(page)));
    expect(open.filter((page) => !/wildcard|every interface|all interfaces/i.test(readText(page)))).to.deep.equal([]);
  });
});
