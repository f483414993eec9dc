// npm run bench:micro
//
// What the composed path costs per chunk and stage, beside a plain call of the same function: nothing else may hide in it.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { median, table } from "../report.ts";
import { balanceTable } from "./balance.ts";
import { codecTable } from "./codecs.ts";
import { kitTable } from "./kit.ts";
import { paths } from "./paths.ts";

const program = fileURLToPath(new URL("one-path.js", import.meta.url));
const rounds = 5;
const flows = [1, 128, 2000];

/** The nanoseconds of every path in one round, each measured in a process of its own: the paths take turns, so that all see the same noise. */
function round(count: number): ReadonlyMap<string, number> {
  const measure = (name: string): number => Number(execFileSync(process.execPath, [program, name, `${count}`], { encoding: "utf8" }));
  return new Map([...paths.keys()].map((name) => [name, measure(name)]));
}

function rowsOf(count: number): string[][] {
  const all = Array.from({ length: rounds }, () => round(count));
  return [...paths].map(([name, { stages, against }]) => {
    const of = (path: string): number[] => all.map((one) => one.get(path) ?? NaN);
    const found = of(name);
    const yardstick = of(against.path);
    const ratio = median(found.map((ns, at) => ns / ((yardstick[at] ?? NaN) * against.times)));
    const best = Math.min(...found);
    const perStage = stages === 0 ? "" : (best / stages).toFixed(2);
    const beside = against.path === name ? "" : `${ratio.toFixed(2)} x ${against.path}`;
    return [name, `${count}`, `${stages}`, best.toFixed(1), median(found).toFixed(1), perStage, beside];
  });
}

// First: it says how long the first proxy of a process takes.
process.stdout.write(`${await kitTable()}\n\n`);
const head = ["path", "flows", "stages", "ns/chunk, best", "median", "ns/stage", "median of the ratios"];
process.stdout.write(`${table(head, flows.flatMap(rowsOf))}\n\n${codecTable()}\n\n${balanceTable()}\n`);
