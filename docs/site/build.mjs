// npm run docs: the documentation as static pages with search and an API reference, in dist/site/public. Its tools are installed there, on
// first use (docs/decisions/0046-a-site-of-its-own-tools.md). `--pages` puts the pages together and stops.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

/** The entrances of the package, by the folder of their index. */
function entrancesOf() {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const files = Object.entries(exports).filter(([, { default: file }]) => file !== undefined);
  return files.map(([key, { default: file }]) => [file.slice("./dist/".length, -"/index.js".length), key.replace(".", "sluice")]);
}

/** TypeDoc names a page by its folder; who reads it imports it by the name of the entrance. */
function nameEntrances(folder, name) {
  for (const page of [join(site, "pages/api", `${folder}.md`), join(site, "pages/api/index.md")]) {
    const text = readFileSync(page, "utf8");
    writeFileSync(page, text.replaceAll(`# ${folder}\n`, `# ${name}\n`).replaceAll(`[${folder}](`, `[${name}](`));
  }
}

/** One page for each entrance. */
function writeReference() {
  const entrances = entrancesOf();
  const entryPoints = entrances.map(([folder]) => join(root, folder, "index.ts"));
  const options = {
    entryPoints,
    tsconfig: join(root, "tsconfig.json"),
    plugin: ["typedoc-plugin-markdown"],
    outputFileStrategy: "modules",
    entryFileName: "index",
    readme: "none",
    out: join(site, "pages/api"),
    name: "API",
    skipErrorChecking: true,
    excludePrivate: true,
    excludeExternals: true,
    disableSources: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    logLevel: "Error",
  };
  writeFileSync(join(site, "typedoc.json"), JSON.stringify(options));
  run("node", "node_modules/typedoc/bin/typedoc", "--options", "typedoc.json");
  for (const [folder, name] of entrances) nameEntrances(folder, name);
  return { text: "API", collapsed: true, items: entrances.map(([folder, name]) => ({ text: name, link: `/api/${folder}` })) };
}

rmSync(join(site, "pages"), { recursive: true, force: true });
mkdirSync(join(site, ".vitepress"), { recursive: true });
writePages(root, join(site, "pages"));
if (!process.argv.includes("--pages")) {
  installTools();
  const reference = writeReference();
  copyFileSync(join(root, "docs/site/config.mts"), join(site, ".vitepress/config.mts"));
  writeFileSync(join(site, "menu.json"), JSON.stringify([...menuOf(root), reference]));
  run("node", "node_modules/vitepress/bin/vitepress.js", "build", ".");
  console.log(`dist/site/public: ${((performance.now() - started) / 1000).toFixed(0)} s`);
}
