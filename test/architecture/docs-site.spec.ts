import { expect } from "chai";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { filesUnder, readText, root } from "../support/repository.ts";

interface Group {
  readonly text: string;
  readonly items: readonly { readonly text: string; readonly link: string }[];
}

interface EntryPoint {
  readonly source: string;
  readonly name: string;
}

interface Pages {
  readonly pageOf: (path: string) => string;
  readonly documentationOf: (folder: string) => readonly string[];
  readonly menuOf: (folder: string) => readonly Group[];
  readonly writePages: (folder: string, to: string) => void;
}

/** The front page leads to them. */
const starts = ["README.md", "docs/README.md"];

// What `npm run docs` builds is looked at before VitePress sees it; test/browser/docs-site.spec.ts looks at what it makes of it.
describe("the pages of the documentation, as a site", () => {
  let site: Pages;
  let pages: string;

  before(async () => {
    site = (await import(pathToFileURL(join(root, "docs/site/pages.mjs")).href)) as Pages;
    pages = mkdtempSync(join(tmpdir(), "sluice-pages-"));
    site.writePages(root, pages);
  });

  after(() => rmSync(pages, { recursive: true, force: true }));

  /** A link of the site leads to a page, or to a file that is served as it is. */
  const leadsSomewhere = (link: string): boolean => {
    const [path = ""] = link.split("#");
    const page = path.endsWith("/") ? `${path}index.md` : path.endsWith(".md") ? path : `${path}.md`;
    return existsSync(join(pages, page)) || existsSync(join(pages, "public", path));
  };

  it("has a menu that lists every page and nothing else", () => {
    const links = site.menuOf(root).flatMap(({ items }) => items.map(({ link }) => link));
    expect(links.filter((link) => !leadsSomewhere(link))).to.deep.equal([]);
    expect(new Set(links).size, "a page is listed twice").to.equal(links.length);
    const inMenu = new Set(links.map((link) => (link.endsWith("/") ? `${link}index` : link)));
    const missing = site
      .documentationOf(root)
      .filter((path) => !starts.includes(path) && !inMenu.has(`/${site.pageOf(path).slice(0, -".md".length)}`));
    expect(missing, "docs/README.md").to.deep.equal([]);
  });

  it("has no broken link and no missing picture", () => {
    const written = site.documentationOf(root);
    expect(written).to.have.lengthOf.at.least(60);
    const broken = written.flatMap((path) => {
      const page = site.pageOf(path);
      const text = readFileSync(join(pages, page), "utf8")
        .replaceAll(/^(`{3,}).*?^\1/gms, "")
        .replaceAll(/`[^`\n]+`/g, "");
      const links = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(([, link, source]) => link ?? source ?? "");
      return links
        .filter((link) => !/^([a-z]+:|#)/.test(link) && !(link.startsWith("/") && leadsSomewhere(link)))
        .map((link) => `${page}: ${link}`);
    });
    expect(broken).to.deep.equal([]);
  });

  it("has a reference page for each entry point of the package, generated from its source", async () => {
    const found = (await import(pathToFileURL(join(root, "docs/site/entry-points.mjs")).href)) as {
      entryPointsOf: (folder: string) => readonly EntryPoint[];
    };
    const entryPoints = found.entryPointsOf(root);
    expect(entryPoints.filter(({ source }) => !existsSync(join(root, source)))).to.deep.equal([]);
    const { exports } = JSON.parse(readText("package.json")) as { readonly exports: Readonly<Record<string, unknown>> };
    const names = Object.keys(exports).filter((key) => !key.endsWith(".json"));
    expect(entryPoints.map(({ name }) => name)).to.deep.equal(names.map((key) => `sluice${key.slice(1)}`));
  });

  it("is built by its own tools, of exact versions", () => {
    const { dependencies } = JSON.parse(readText("docs/site/package.json")) as { readonly dependencies: Readonly<Record<string, string>> };
    for (const version of Object.values(dependencies)) expect(version).to.match(/^(npm:@typescript\/typescript6@)?\d+\.\d+\.\d+$/);
    expect(filesUnder("docs/site", "package-lock.json")).to.have.lengthOf(1);
  });
});
