// npm run docs: the documentation as static pages with search and an API reference, in dist/site/public. Its tools are installed there, on
// first use (docs/decisions/0046-a-site-of-its-own-tools.md). `--pages` puts the pages together and stops.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { entryPointsOf } from "./entry-points.mjs";
import { menuOf, writePages } from "./pages.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const site = join(root, "dist/site");
const started = performance.now();

function run(command, ...parameters) {
  const { status } = spawnSync(command, parameters, { cwd: site, stdio: "inherit", shell: process.platform === "win32" });
  if (status !== 0) process.exit(status ?? 1);
}

function installTools() {
  const lock = readFileSync(join(root, "docs/site/package-lock.json"), "utf8");
  const mark = join(site, "node_modules/.installed");
  if (existsSync(mark) && readFileSync(mark, "utf8") === lock) return;
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(root, "docs/site", file), join(site, file));
  run("npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund");
  writeFileSync(mark, lock);
}

/**
 * Links within a page of TypeDoc, to headings that are there. It counts a property `status` of `Proxy` as another `ProxyStatus`, and would
 * lead to `#proxystatus-1`.
 */
function withRealAnchors(text) {
  const headings = Array.from(text.matchAll(/^#+ (\w+)/gm), ([, name]) => name.toLowerCase());
  const isSingle = (name) => headings.filter((heading) => heading === name).length === 1;
  return text.replaceAll(/\]\(#(\w+)-\d+\)/g, (link, name) => (isSingle(name) ? `](#${name})` : link));
}

/** TypeDoc names a page by its path; who reads it imports it by the name of the entry point. Gives the page's link. */
function nameEntryPoint({ path, name }) {
  // An entry point with pages below it is the index of their folder.
  const page = existsSync(join(site, `pages/api/${path}.md`)) ? path : `${path}/index`;
  for (const file of [page, "index"].map((each) => join(site, `pages/api/${each}.md`))) {
    const text = readFileSync(file, "utf8");
    const named = text.replaceAll(`# ${path}\n`, `# ${name}\n`).replaceAll(`[${path}](`, `[${name}](`);
    // What TypeDoc calls an argument that is taken apart at once.
    writeFileSync(file, withRealAnchors(named.replaceAll("__namedParameters", "options")));
  }
  return `/api/${page.replace(/index$/, "")}`;
}

/** One page for each entry point. */
function writeReference() {
  const entryPoints = entryPointsOf(root);
  const sources = entryPoints.map(({ source }) => join(root, source));
  // Without the tests, which TypeDoc would read too.
  const tsconfig = join(site, "tsconfig.json");
  writeFileSync(tsconfig, JSON.stringify({ extends: "../../tsconfig.json", files: sources, include: [] }));
  const options = {
    entryPoints: sources,
    tsconfig,
    plugin: ["typedoc-plugin-markdown"],
    outputFileStrategy: "modules",
    entryFileName: "index",
    readme: "none",
    out: join(site, "pages/api"),
    name: "API",
    skipErrorChecking: true,
    groupOrder: ["Functions", "Variables", "Classes", "*"],
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    // Tables: lists give each property headings of its own, which fill the search.
    parametersFormat: "table",
    interfacePropertiesFormat: "table",
    classPropertiesFormat: "table",
    typeAliasPropertiesFormat: "table",
    typeDeclarationFormat: "table",
    propertyMembersFormat: "table",
    tableColumnSettings: { hideModifiers: true, hideInherited: true, hideOverrides: true, leftAlignHeaders: true },
    logLevel: "Error",
  };
  writeFileSync(join(site, "typedoc.json"), JSON.stringify(options));
  run("node", "node_modules/typedoc/bin/typedoc", "--options", "typedoc.json");
  return {
    text: "API",
    collapsed: true,
    items: entryPoints.map((entryPoint) => ({ text: entryPoint.name, link: nameEntryPoint(entryPoint) })),
  };
}

rmSync(join(site, "pages"), { recursive: true, force: true });
mkdirSync(join(site, ".vitepress/theme"), { recursive: true });
writePages(root, join(site, "pages"));
if (!process.argv.includes("--pages")) {
  installTools();
  const reference = writeReference();
  copyFileSync(join(root, "docs/site/config.mts"), join(site, ".vitepress/config.mts"));
  copyFileSync(join(root, "docs/site/theme.mts"), join(site, ".vitepress/theme/index.mts"));
  copyFileSync(join(site, "node_modules/@mermaid-js/tiny/dist/mermaid.tiny.js"), join(site, "pages/public/mermaid.js"));
  copyFileSync(join(root, "core/admin/page/public/sluice.svg"), join(site, "pages/public/sluice.svg"));
  writeFileSync(
    join(site, "menu.json"),
    JSON.stringify({ "/api/": [{ ...reference, collapsed: false }], "/": [...menuOf(root), reference] }),
  );
  run("node", "node_modules/vitepress/bin/vitepress.js", "build", ".");
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(`dist/site/public is built (${seconds} s). To read it: npx vite preview --outDir dist/site/public`);
}
