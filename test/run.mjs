// The test command. Plain Node without dependencies, because on a fresh clone there are none yet: installs, builds, checks, runs the tests.
//
//   npm test                         everything
//   npm test -- test/unit/net        only the specs under a path, without the checks
//   SLUICE_TEST=smoke npm test       only unit and smoke tests, without the checks
//   --built                          takes dist/ as it is: no installing, no building
//
// The last line is `N passed, N failed, N skipped`; a check that fails counts as one failed.

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const options = process.argv.slice(2);
const paths = options.filter((option) => !option.startsWith("--"));
const built = options.includes("--built");
const smoke = process.env.SLUICE_TEST === "smoke";
const everything = !smoke && paths.length === 0;
const limitMs = 30 * 60_000;
const total = { passed: 0, failed: 0, skipped: 0 };

function run(title, command, parameters, environment = {}) {
  console.log(`\n> ${title}`);
  const started = performance.now();
  const env = { ...process.env, ...environment };
  // Windows needs a shell to find npm.cmd.
  const shell = process.platform === "win32";
  const { status } = spawnSync(command, parameters, { cwd: root, stdio: ["ignore", "inherit", "inherit"], env, shell, timeout: limitMs });
  console.log(`${status === 0 ? "ok" : "FAILED"}: ${title} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return status === 0;
}

const npmRun = (script) => run(script, "npm", ["run", "--silent", script]);

function mustInstall() {
  const mark = join(root, "node_modules/.package-lock.json");
  return !existsSync(mark) || statSync(mark).mtimeMs < statSync(join(root, "package-lock.json")).mtimeMs;
}

/** Removes what earlier builds left of sources that are gone: their specs would run for ever. */
function prune() {
  for (const name of readdirSync(join(root, "dist"), { recursive: true, encoding: "utf8" })) {
    // The page's are Vite's, which empties its own folder; `npm run docs` has its tools in dist/site.
    if (
      !name.endsWith(".js") ||
      name.startsWith(join("core", "admin", "page")) ||
      name.startsWith("site") ||
      existsSync(join(root, `${name.slice(0, -3)}.ts`))
    )
      continue;
    for (const ending of [".js", ".js.map", ".d.ts"]) rmSync(join(root, "dist", name.slice(0, -3) + ending), { force: true });
  }
}

function specs() {
  if (paths.length > 0) return paths.map((path) => (path.endsWith(".ts") ? `dist/${path.slice(0, -3)}.js` : `dist/${path}/**/*.spec.js`));
  if (smoke) return ["dist/test/unit/**/*.spec.js", "dist/test/marbles/**/*.spec.js", "dist/test/**/smoke*.spec.js"];
  return ["dist/test/**/*.spec.js"];
}

function test() {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const file = join(folder, "counts.json");
  const mocha = ["node_modules/mocha/bin/mocha.js", ...specs()];
  const parameters = everything ? ["node_modules/c8/bin/c8.js", "node", ...mocha] : mocha;
  try {
    const good = run("tests", "node", parameters, { SLUICE_TEST_COUNTS: file });
    const counts = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { passed: 0, failed: 0, skipped: 0 };
    total.passed += counts.passed;
    total.skipped += counts.skipped;
    // A run that broke off (a crash, the time limit) has no failed test to show for it.
    total.failed += good || counts.failed > 0 ? counts.failed : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function prepare() {
  if (built) return true;
  if (mustInstall() && !run("npm ci", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])) return false;
  if (!npmRun("build")) return false;
  prune();
  return true;
}

function main() {
  if (!prepare()) {
    total.failed += 1;
    return;
  }
  if (everything) {
    for (const check of ["lint", "lint:layers", "lint:unused", "format:check"]) if (!npmRun(check)) total.failed += 1;
    if (!run("setup", "node", ["dist/test/setup/main.js"])) total.failed += 1;
  }
  test();
}

const started = performance.now();
main();
const summary = `${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`;
if (process.env.SLUICE_TEST_SUMMARY !== undefined) writeFileSync(process.env.SLUICE_TEST_SUMMARY, JSON.stringify(total));
console.log(`\n${((performance.now() - started) / 1000).toFixed(1)} s on Node ${process.version}\n${summary}`);
process.exitCode = total.failed > 0 ? 1 : 0;
