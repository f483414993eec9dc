// npm run bench -- [--only 1,3] [--rounds 5] [--seconds 1] [--warm 0.8]
// npm run bench -- --growth [--up-to 10000] [--of sessions] [--minutes 10]
//
// Reproduces the table of docs/performance.md: what Sluice costs beside bare Node, HAProxy and nginx, in CPU seconds per unit of work.
// With --growth: what a unit of work costs by how many sessions, listeners, routes, … there are.
import { writeFileSync } from "node:fs";
import { cpus, getPriority, setPriority } from "node:os";
import { parseArgs } from "node:util";
import { candidates } from "./candidates.ts";
import { measureGrowth } from "./growth/growth.ts";
import { integrityFault } from "./integrity.ts";
import type { LoadResult } from "./load/load-options.ts";
import { measure, type Timing } from "./measure.ts";
import { measureOneOfMany } from "./one-of-many.ts";
import { measureReload } from "./reload.ts";
import {
  idleTable,
  latencyTable,
  latencyVerdicts,
  lossTable,
  median,
  residentPerConnection,
  table,
  verdictOf,
  workTable,
  type Rounds,
  type Verdict,
} from "./report.ts";
import { openWorkshop, type Workshop } from "./under-test.ts";
import { measureWatched } from "./watched.ts";
import { candidatesOf, rowsOf, works, type Work } from "./works.ts";

const allRows = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
const reloadRow = 10;
const oneOfManyRow = 18;
const watchedRow = 20;
/** A page is watched for so many times the seconds of a slice. */
const watchedSlices = 30;
const kibPerIdleConnection = 12;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "1" },
    warm: { type: "string", default: "0.8" },
    growth: { type: "boolean", default: false },
    "up-to": { type: "string", default: "10000" },
    of: { type: "string", default: "" },
    minutes: { type: "string", default: "10" },
  },
});
const rows = new Set(values.only?.split(",").map(Number) ?? allRows);
const timing: Timing = { warm: Number(values.warm), seconds: Number(values.seconds) };
const roundsWanted = Number(values.rounds);

const machine = `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model ?? "unknown CPU"}, ${process.platform}`;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const note = (text: string): void => void process.stderr.write(`${text}\n`);

/** Name to whether it passes bytes unchanged: each is checked once, before it is first timed. */
const checked = new Map<string, boolean>();

async function isSound(name: string, workshop: Workshop): Promise<boolean> {
  const known = checked.get(name);
  if (known !== undefined) return known;
  const fault = await integrityFault(name, workshop);
  note(`${name}: ${fault === undefined ? "passes bytes unchanged" : `NOT MEASURED: ${fault}`}`);
  checked.set(name, fault === undefined);
  if (fault !== undefined) process.exitCode = 1;
  return fault === undefined;
}

async function soundCandidates(work: Work, workshop: Workshop): Promise<string[]> {
  const names: string[] = [];
  for (const name of candidatesOf(work, rows)) {
    if (candidates[name]?.available === true && (await isSound(name, workshop))) names.push(name);
  }
  return names;
}

async function runRounds(work: Work, workshop: Workshop): Promise<Rounds> {
  const names = await soundCandidates(work, workshop);
  const rounds = new Map<string, LoadResult[]>(names.map((name) => [name, []]));
  const alone = work.kind === "idle" || work.kind === "datagram-rate";
  const count = work.kind === "idle" ? Math.min(2, roundsWanted) : roundsWanted;
  for (let round = 1; round <= count; round += 1) {
    for (const group of alone ? names.map((name) => [name]) : [names]) {
      const results = await measure(group, work, timing, workshop);
      for (const [index, name] of group.entries()) {
        rounds.get(name)?.push(...results.slice(index, index + 1));
        note(`${work.id} ${round}/${count} ${name}: ${JSON.stringify(results[index])}`);
      }
    }
  }
  return rounds;
}

function verdictsOf(work: Work, rounds: Rounds): Verdict[] {
  if (work.kind === "idle") {
    const kib = median(rounds.get("six")?.map(residentPerConnection) ?? []) / 1024;
    const required = `<= ${kibPerIdleConnection} KiB`;
    return [{ row: 9, what: work.title, required, measured: `${kib.toFixed(2)} KiB`, reached: kib <= kibPerIdleConnection }];
  }
  if (work.kind === "datagram-rate") {
    const lost = rounds.get("udp six")?.reduce((sum, result) => sum + result.lost, 0) ?? NaN;
    return [{ row: 8, what: work.title, required: "0 lost", measured: `${lost} lost`, reached: lost === 0 }];
  }
  if (work.kind === "paced-messages") return latencyVerdicts(work, rounds);
  return work.goals.filter(({ row }) => rows.has(row)).flatMap((goal) => verdictOf(work, goal, rounds) ?? []);
}

function printWork(work: Work, rounds: Rounds): void {
  print(`\n### ${work.title}\n`);
  if (work.kind === "idle") print(idleTable(rounds));
  else if (work.kind === "paced-messages") print(latencyTable(rounds));
  else print(work.kind === "datagram-rate" ? lossTable(rounds) : workTable(work, rounds));
}

/** Others may share this machine: asks for a larger share, for this process and all that it starts. Needs root. */
function askForShare(): void {
  const share = -12;
  try {
    setPriority(Math.min(share, getPriority()));
    writeFileSync("/proc/self/autogroup", `${share}`);
  } catch {
    note("not root, or no scheduler groups: other programs on this machine disturb more");
  }
}

/** What fails costs its own row, not those that were measured before it. */
async function orNote(what: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.exitCode = 1;
    note(`${what} FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

async function runGrowth(workshop: Workshop): Promise<void> {
  const { "up-to": upTo, of, minutes } = values;
  print(`## How costs grow\n\n${machine}.\n`);
  print(await measureGrowth(workshop, { upTo: Number(upTo), only: of, minutes: Number(minutes), note }));
}

async function run(workshop: Workshop): Promise<void> {
  print(`## Sluice beside others\n`);
  print(`${machine};`);
  print(
    `${roundsWanted} interleaved rounds of ${timing.seconds} s each after ${timing.warm} s to warm up. Ratios are the yardstick's CPU per unit over the candidate's.`,
  );
  const verdicts: Verdict[] = [];
  for (const work of works.filter((each) => [...rowsOf(each)].some((row) => rows.has(row)))) {
    await orNote(work.id, async () => {
      const rounds = await runRounds(work, workshop);
      printWork(work, rounds);
      verdicts.push(...verdictsOf(work, rounds));
    });
  }
  for (const [row, title, measured] of [
    [reloadRow, "Reload of a config with 30 plugin files, one edited", () => measureReload(workshop, roundsWanted)],
    [oneOfManyRow, "A save that changes one of many listeners", () => measureOneOfMany(workshop, roundsWanted)],
    [
      watchedRow,
      "The page in a browser, at 100,000 sessions a minute",
      () => measureWatched(workshop, roundsWanted, timing.seconds * watchedSlices),
    ],
  ] as const) {
    if (!rows.has(row)) continue;
    await orNote(title, async () => {
      const { text, verdicts: found } = await measured();
      print(`\n### ${title}\n\n${text}`);
      verdicts.push(...found);
    });
  }
  print(`\n### The floors\n`);
  const cells = verdicts
    .toSorted((a, b) => a.row - b.row)
    .map(({ row, what, required, measured, reached }) => [`${row}`, what, required, measured, reached ? "yes" : "no"]);
  print(table(["row", "work", "required", "measured", "reached"], cells));
}

if (process.platform !== "linux") throw new Error("the benchmark reads /proc, so it needs Linux");
askForShare();
const workshop = await openWorkshop();
try {
  await (values.growth ? runGrowth(workshop) : run(workshop));
} finally {
  workshop.close();
}
