// The pages of the site, made of the files of the repository: same text, and links that lead to pages.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

const front = {
  "README.md": "index.md",
  "docs/README.md": "documentation.md",
  "CONTRIBUTING.md": "contributing.md",
  "CHANGELOG.md": "changelog.md",
};

/**
 * Where a file of the repository stands in the site. Examples are pages under source/, other sources texts: three hundred pages with
 * highlighting would take two minutes.
 */
export function pageOf(path) {
  if (path in front) return front[path];
  if (path.startsWith("docs/") && path.endsWith(".md") && !path.startsWith("docs/examples/"))
    return path.slice("docs/".length).replace(/README\.md$/, "index.md");
  if (!isExample(path)) return `source/${path.replace(/\/$/, "")}.txt`;
  return `source/${path.replace(/\/$/, "").replaceAll(".", "-")}.md`;
}

const isExample = (path) => path.startsWith("docs/examples");

/** Every page of the documentation, by its path in the repository. */
export function documentationOf(root) {
  const all = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((name) => `docs/${name.replaceAll("\\", "/")}`);
  const pages = all.filter((path) => path.endsWith(".md") && !path.startsWith("docs/examples/") && !path.startsWith("docs/site/"));
  return ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", ...pages.toSorted()];
}

const titleOf = (root, path) => /^# (.+)$/m.exec(readFileSync(join(root, path), "utf8"))?.[1]?.replaceAll("`", "") ?? path;
const linkTo = (path) => `/${pageOf(path).replace(/(index)?\.md$/, "")}`;
const itemsOf = (pages) => pages.map(([text, path]) => ({ text, link: linkTo(path) }));

/** The menu at the side: the headings and links of docs/README.md, then the decisions. */
export function menuOf(root) {
  const all = documentationOf(root);
  const decisions = all.filter((path) => path.startsWith("docs/decisions/"));
  const listed = (part) =>
    Array.from(part.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g), ([, text, path]) => [text, posix.join("docs", path)]).filter(
      ([, path]) => all.includes(path) && !decisions.includes(path),
    );
  const [, ...parts] = readFileSync(join(root, "docs/README.md"), "utf8").split(/^## /m);
  const groups = parts.map((part) => ({ text: part.slice(0, part.indexOf("\n")), collapsed: false, items: itemsOf(listed(part)) }));
  return [...groups, { text: "Decisions", collapsed: true, items: itemsOf(decisions.map((path) => [titleOf(root, path), path])) }];
}

/** A relative link of a page, as the site has it. @param shown is told of files that are no pages of their own */
function rewritten(root, from, target, shown) {
  const [path = "", anchor] = target.split("#");
  if (/^[a-z]+:/.test(target) || path === "") return target;
  const file = posix.join(posix.dirname(from), path);
  if (!existsSync(join(root, file))) return target;
  if (/\.(png|svg|gif)$/.test(file)) return `/${file.slice("docs/".length)}`;
  if (pageOf(file).startsWith("source/")) shown.add(file);
  const page = `/${pageOf(file)}`;
  return anchor === undefined ? page : `${page}#${anchor}`;
}

const twoSided =
  /<picture>\s*<source[^>]*srcset="(?<dark>[^"]+)"[^>]*>\s*<img(?<before>[^>]*?)src="(?<light>[^"]+)"(?<after>[^>]*)>\s*<\/picture>/gs;

/** Both sides of a picture: the switch of the site says which is seen, not the system. */
function bothSides(...match) {
  const { dark, light, before, after } = match.at(-1);
  return `<img class="light-side"${before}src="${light}"${after}>\n<img class="dark-side"${before}src="${dark}"${after}>`;
}

/** A page, its links and pictures rewritten outside code. */
function pageText(root, from, shown) {
  const link = (target) => rewritten(root, from, target, shown);
  return readFileSync(join(root, from), "utf8")
    .split(/(^```.*?^```$|`[^`\n]+`)/ms)
    .map((part, at) =>
      at % 2 === 1
        ? part
        : part
            .replaceAll(twoSided, bothSides)
            .replaceAll(/\]\(([^)\s]+)\)/g, (_all, target) => `](${link(target)})`)
            .replaceAll(/<img ([^>]*?)src="([^"]+)"/g, (_all, before, file) => `<img ${before}src="${link(file)}"`),
    )
    .join("");
}

const namesIn = (folder) => readdirSync(folder).filter((name) => !/^(node_modules|dist|\..*)$/.test(name));

/** A source that pages link to: of a folder the names. */
function sourceText(place) {
  return statSync(place).isDirectory() ? namesIn(place).join("\n") : readFileSync(place, "utf8");
}

/** An example, or the folder of them. */
function examplePage(root, path) {
  const place = join(root, path);
  const head = `---\nsearch: false\n---\n\n# ${path}\n\n`;
  if (!statSync(place).isDirectory()) {
    const language = posix.extname(path).slice(1);
    return { text: `${head}\`\`\`\`${language}\n${readFileSync(place, "utf8")}\n\`\`\`\`\n`, files: [] };
  }
  const files = namesIn(place).map((name) => posix.join(path, name));
  return { text: head + files.map((file) => `- [${posix.basename(file)}](/${pageOf(file)})\n`).join(""), files };
}

/** Writes all pages, and what they link to. */
export function writePages(root, to) {
  const write = (page, text) => {
    mkdirSync(dirname(join(to, page)), { recursive: true });
    writeFileSync(join(to, page), text);
  };
  const shown = new Set();
  for (const path of documentationOf(root)) write(pageOf(path), pageText(root, path, shown));
  // A set may grow while it is gone through: a folder of examples brings its files.
  for (const path of shown) {
    if (!isExample(path)) {
      write(join("public", pageOf(path)), sourceText(join(root, path)));
      continue;
    }
    const { text, files } = examplePage(root, path);
    for (const file of files) shown.add(file);
    write(pageOf(path), text);
  }
  cpSync(join(root, "docs/pictures"), join(to, "public/pictures"), { recursive: true });
}
