// The test command. Plain Node without dependencies, because on a fresh clone there are none yet: installs, builds, checks, runs the tests.
//
//   npm test                         everything
//   npm test -- test/unit/net        only the specs under a path, without the checks
//   SLUICE_TEST=smoke npm test       only unit and smoke tests, without the checks
//   --built                          takes dist/ as it is: no installing, no building
//   --costs                          notes what each spec took, in test/run/costs.json, by which the next runs order them (on a quiet machine)
//   --coverage                       leaves V8's coverage in coverage/tmp, for c8, which costs each process that the tests start
//   SLUICE_TEST_LANES=1              how many processes run specs at a time (else two more than there are cores, 6 at most)
//
// What fails beside other specs runs once more, alone; a test that passes then is printed as unsteady (ADR 0057).
// The last line is `N passed, N failed, N skipped`; a check that fails counts as one failed.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { batchesOf, specsAt } from "./run/batches.mjs";
import { costsOf, readCosts, writeCosts } from "./run/costs.mjs";
import { afterRepeat, toRepeat } from "./run/repeat.mjs";
import { run, runSideBySide } from "./run/side-by-side.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const options = process.argv.slice(2);
const paths = options.filter((option) => !option.startsWith("--"));
const built = options.includes("--built");
const covered = options.includes("--coverage");
const smoke = process.env.SLUICE_TEST === "smoke";
const everything = !smoke && paths.length === 0;
const lanes = Number(process.env.SLUICE_TEST_LANES ?? Math.min(6, availableParallelism() + 2));
/** How each batch of specs and each failed check ended: `batch`, `counts`. */
const outcomes = [];
const unsteady = [];

const now = (title, command, parameters) => run({ title, command, parameters, live: true }, root);

const npmRun = (script) => ({ title: script, command: "npm", parameters: ["run", "--silent", script] });

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
  for (const path of paths) if (specsAt(root, path).length === 0) failed(`${path}: no spec there`);
  if (paths.length > 0) return [...new Set(paths.flatMap((path) => specsAt(root, path)))];
  const all = specsAt(root, "test");
  return smoke ? all.filter((spec) => /^test\/(unit|marbles)\/|\/smoke[^/]*$/.test(spec)) : all;
}

/** Runs specs in one process of mocha; `ended(counts)` is called with what became of them. */
function testJob(title, batch, { env, required = [] }, ended = (counts) => outcomes.push({ batch, counts })) {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const file = join(folder, "counts.json");
  const color = process.stdout.isTTY ? ["--color"] : [];
  const over = (good) => {
    const counts = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { passed: 0, failed: 0, skipped: 0, failures: [] };
    rmSync(folder, { recursive: true, force: true });
    // A run that broke off (a crash, the time limit) has no failed test to show for it.
    ended(good || counts.failed > 0 ? counts : { ...counts, failed: 1, failures: [{ title: `${title}: broke off` }] });
  };
  const files = batch.map((spec) => `dist/${spec.slice(0, -3)}.js`);
  const parameters = ["node_modules/mocha/bin/mocha.js", ...required.flatMap((code) => ["--require", code]), ...color, ...files];
  return { title, command: "node", parameters, env: { ...env, SLUICE_TEST_COUNTS: file }, over };
}

function failed(title) {
  outcomes.push({ batch: [], counts: { passed: 0, failed: 1, skipped: 0, failures: [{ title }] } });
}

const checkJob = (job) => ({ ...job, over: (good) => good || failed(job.title) });

async function runTests() {
  const coverage = join(root, "coverage/tmp");
  const env = covered ? { NODE_V8_COVERAGE: coverage } : {};
  if (covered) rmSync(coverage, { recursive: true, force: true });
  const { together, apart, alone } = batchesOf(root, specs(), readCosts(root));
  // Not for those that measure: that is what V8 makes of the code.
  const quickly = { env, required: ["./test/support/late-optimizing.cjs"] };
  const jobs = together.map((batch, at) => testJob(`tests ${at + 1} of ${together.length}: ${batch[0]} …`, batch, quickly));
  // The layers are checked by a test of test/architecture.
  const checks = everything ? ["lint", "lint:unused", "format:check"].map((script) => checkJob(npmRun(script))) : [];
  const measuring = apart.map((spec) => testJob(`tests of ${spec}`, [spec], { env }));
  // The first jobs are the longest.
  jobs.splice(lanes, 0, ...checks, ...measuring);
  if (jobs.length === 1) jobs[0].live = true;
  await runSideBySide(jobs, lanes, root);
  if (alone.length > 0) await runSideBySide([{ ...testJob("tests that run alone", alone, { env }), live: true }], 1, root);
  if (jobs.length > 1) await repeatFailed({ env });
}

async function repeatFailed(how) {
  for (const { outcome, batch } of toRepeat(root, outcomes)) {
    const job = testJob(`once more, alone: ${batch[0]} …`, batch, how, (counts) => {
      if (counts.failed > 0) return;
      unsteady.push(...outcome.counts.failures);
      outcome.counts = afterRepeat(outcome, batch, counts);
    });
    await runSideBySide([{ ...job, live: true }], 1, root);
  }
}

/** Its two parts do not need each other. */
async function build() {
  const ended = [];
  const jobs = ["build:core", "build:page"].map((script) => ({ ...npmRun(script), over: (good) => ended.push(good) }));
  await runSideBySide(jobs, jobs.length, root);
  return ended.every(Boolean);
}

async function prepare() {
  if (built) return true;
  if (mustInstall() && !(await now("npm ci", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"])))
    return false;
  if (!(await build())) return false;
  prune();
  return true;
}

async function main() {
  if (!(await prepare())) return failed("installing and building");
  if (everything && !(await now("setup", "node", ["dist/test/setup/main.js"]))) failed("setup");
  await runTests();
}

function print(heading, failures) {
  if (failures.length > 0) console.log(`\n${heading}:\n`);
  for (const [at, { title, file, error }] of failures.entries())
    console.log(`  ${at + 1}) ${[title, file, error].filter(Boolean).join("\n").replaceAll("\n", "\n     ")}\n`);
}

const started = performance.now();
await main();
const failures = outcomes.flatMap(({ counts }) => counts.failures);
print("Unsteady: failed beside other specs, passed alone", unsteady);
print("Failed", failures);
const total = { passed: 0, failed: 0, skipped: 0 };
for (const { counts } of outcomes) for (const key of Object.keys(total)) total[key] += counts[key];
const names = (list) => list.map(({ title }) => title);
const summary = { ...total, failures: names(failures), unsteady: names(unsteady) };
if (process.env.SLUICE_TEST_SUMMARY !== undefined) writeFileSync(process.env.SLUICE_TEST_SUMMARY, JSON.stringify(summary));
if (options.includes("--costs") && everything) writeCosts(root, costsOf(root, outcomes));
console.log(`\n${((performance.now() - started) / 1000).toFixed(1)} s on Node ${process.version}`);
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
