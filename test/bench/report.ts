import type { Latency, LoadResult } from "./load/load-options.ts";
import type { Goal, Work } from "./works.ts";

/** All rounds of a work, by candidate. */
export type Rounds = ReadonlyMap<string, readonly LoadResult[]>;

/** Whether a row of the table was reached. */
export interface Verdict {
  readonly row: number;
  readonly what: string;
  readonly required: string;
  readonly measured: string;
  readonly reached: boolean;
}

const micro = 1e6;

const cpuPerUnit = ({ cpu, units }: LoadResult): number => (cpu.user + cpu.system) / units;
const best = (rounds: readonly LoadResult[]): number => Math.min(...rounds.map(cpuPerUnit));

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? NaN) + (sorted[Math.floor(middle)] ?? NaN)) / 2;
}

/** Distance of the extremes, as a share of the median. */
function spread(values: readonly number[]): string {
  return `${((100 * (Math.max(...values) - Math.min(...values))) / median(values)).toFixed(0)} %`;
}

/** A Markdown table. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Yardstick over candidate: above 1 the candidate is cheaper. Best and median of the rounds. */
function ratio(rounds: Rounds, candidate: string, against: string): { best: number; median: number } | undefined {
  const [mine = [], theirs = []] = [rounds.get(candidate), rounds.get(against)];
  if (mine.length === 0 || theirs.length === 0) return undefined;
  return { best: best(theirs) / best(mine), median: median(theirs.map(cpuPerUnit)) / median(mine.map(cpuPerUnit)) };
}

/** One work's table: CPU per unit of each candidate, and its ratio to the yardsticks. */
export function workTable(work: Work, rounds: Rounds): string {
  const yardsticks = [...rounds.keys()].filter((name) => /pipe$|forwarder$|haproxy$|nginx$/.test(name));
  const bulk = work.unit === "GB";
  const scale = bulk ? 1 : micro;
  const digits = bulk ? 3 : 2;
  const head = [
    "candidate",
    `${work.unit}s/s`,
    `CPU ${bulk ? "s" : "us"}/${work.unit}, best`,
    "median",
    "spread",
    "user",
    "busy",
    "others",
    ...yardsticks.map((name) => `x ${name}, best / median`),
  ];
  const rows = [...rounds].map(([name, results]) => {
    const values = results.map(cpuPerUnit);
    const share = (of: (result: LoadResult) => number): string => `${(100 * median(results.map(of))).toFixed(0)} %`;
    return [
      name,
      median(results.map(({ units, seconds }) => units / seconds)).toFixed(bulk ? 2 : 0),
      (best(results) * scale).toFixed(digits),
      (median(values) * scale).toFixed(digits),
      spread(values),
      share(({ cpu }) => cpu.user / (cpu.user + cpu.system)),
      share(({ cpu, seconds }) => (cpu.user + cpu.system) / seconds),
      share(({ others, seconds }) => others / seconds),
      ...yardsticks.map((yardstick) => {
        const found = ratio(rounds, name, yardstick);
        return found === undefined ? "" : `${found.best.toFixed(2)} / ${found.median.toFixed(2)}`;
      }),
    ];
  });
  return table(head, rows);
}

/** Memory of idle connections. */
export function idleTable(rounds: Rounds): string {
  const kib = 1024;
  const rows = [...rounds].map(([name, results]) => [
    name,
    (median(results.map(({ residentBefore }) => residentBefore)) / kib / kib).toFixed(1),
    (median(results.map(({ resident }) => resident)) / kib / kib).toFixed(1),
    (median(results.map(residentPerConnection)) / kib).toFixed(2),
  ]);
  return table(["candidate", "MiB before", "MiB after", "KiB each"], rows);
}

export const residentPerConnection = ({ resident, residentBefore, units }: LoadResult): number => (resident - residentBefore) / units;

/** How long messages took. */
export function latencyTable(rounds: Rounds): string {
  const rows = [...rounds].map(([name, results]) => [
    name,
    median(results.map(({ units, seconds }) => units / seconds)).toFixed(0),
    ...(["p50", "p99", "p999"] as const).map((which) => `${(latencyOf(results, which) * 1000).toFixed(0)} us`),
  ]);
  return table(["candidate", "messages/s", "p50", "p99", "p99.9"], rows);
}

/** The median of the rounds, in milliseconds. */
const latencyOf = (results: readonly LoadResult[], which: keyof Latency): number =>
  median(results.map(({ latency }) => latency?.[which] ?? NaN));

/** Six plugins against HAProxy at p99, and against pipe at p99.9. */
export function latencyVerdicts(work: Work, rounds: Rounds): Verdict[] {
  const goals = [
    { which: "p99", name: "p99", against: "haproxy", most: 1.5 },
    { which: "p999", name: "p99.9", against: "pipe", most: 1 },
  ] as const;
  return goals.flatMap(({ which, name, against, most }) => {
    const [mine, theirs] = [rounds.get("six"), rounds.get(against)];
    if (mine === undefined || theirs === undefined) return [];
    const found = latencyOf(mine, which) / latencyOf(theirs, which);
    const what = `${work.title}: ${name} of six against ${against}`;
    return [{ row: 16, what, required: `<= ${most.toFixed(2)}`, measured: found.toFixed(2), reached: found <= most }];
  });
}

/** What became of datagrams at a fixed rate. */
export function lossTable(rounds: Rounds): string {
  const rows = [...rounds].map(([name, results]) => [
    name,
    median(results.map(({ units, seconds }) => units / seconds)).toFixed(0),
    results.map(({ lost }) => lost).join(", "),
    `${(100 * median(results.map(({ cpu, seconds }) => (cpu.user + cpu.system) / seconds))).toFixed(0)} %`,
  ]);
  return table(["candidate", "replies/s", "lost, by round", "busy"], rows);
}

export function verdictOf(work: Work, goal: Goal, rounds: Rounds): Verdict | undefined {
  const found = ratio(rounds, goal.candidate, goal.against);
  if (found === undefined) return undefined;
  return {
    row: goal.row,
    what: `${work.title}: ${goal.candidate} against ${goal.against}`,
    required: `>= ${goal.atLeast.toFixed(2)}`,
    measured: `${found.best.toFixed(2)} (by medians ${found.median.toFixed(2)})`,
    reached: found.best >= goal.atLeast,
  };
}
