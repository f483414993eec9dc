import { table } from "../report.ts";
import type { Workshop } from "../under-test.ts";
import { cases, type Case, type Growth } from "./cases.ts";
import { exponentOf, type Point } from "./exponent.ts";
import { answerNames } from "./name-responder.ts";
import { costOfSave } from "./saved.ts";
import { costOfUnit } from "./served.ts";

const sizes = [10, 100, 1000, 10_000];
/** The exponents that count as such a growth, of all sizes and of the last step: what no longer fits into the CPU's caches, or into the young generation, costs more. */
const atMost: Readonly<Record<Growth, readonly [number, number]>> = { constant: [0.15, 0.25], linear: [1.1, 1.25] };

export interface GrowthOptions {
  /** The largest number of anything. */
  readonly upTo: number;
  /** Only cases whose subject contains this. */
  readonly only: string;
  /** After so many minutes no further case is begun. */
  readonly minutes: number;
  /** Told of each measurement. */
  readonly note: (text: string) => void;
}

/** One case at all sizes. */
interface Line {
  readonly of: Case;
  readonly points: readonly Point[];
}

/** What a unit of work costs, by how many there are of something. */
export async function measureGrowth(workshop: Workshop, options: GrowthOptions): Promise<string> {
  const names = await answerNames();
  const until = performance.now() + options.minutes * 60_000;
  const lines: Line[] = [];
  let left = 0;
  try {
    for (const one of cases.filter(({ subject }) => subject.includes(options.only))) {
      if (performance.now() > until) left += 1;
      else lines.push({ of: one, points: await measureCase(one, names.port, workshop, options) });
    }
  } finally {
    names.close();
  }
  return `${growthTable(lines)}\n${left > 0 ? `\n${left} more were not measured: the time was over.\n` : ""}`;
}

/** A size that cannot be measured ends the case, not what was measured before. */
async function measureCase(one: Case, names: number, workshop: Workshop, { upTo, note }: GrowthOptions): Promise<Point[]> {
  const points: Point[] = [];
  const cost = one.load === undefined ? costOfSave : costOfUnit;
  for (const wanted of sizes.filter((each) => each <= upTo)) {
    const size = Math.min(wanted, one.most ?? wanted);
    try {
      points.push({ size, cost: await cost(one, size, names, workshop) });
      note(`${one.subject}, ${one.unit}, ${size}: ${points.at(-1)?.cost.toFixed(1)} us`);
    } catch (error) {
      process.exitCode = 1;
      note(`${one.subject}, ${one.unit}, ${size} FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      break;
    }
  }
  return points;
}

const shown = (microseconds: number): string =>
  microseconds >= 10_000 ? `${(microseconds / 1000).toFixed(0)} ms` : `${microseconds.toFixed(1)} us`;

function growthTable(lines: readonly Line[]): string {
  const head = [
    "of these there are",
    "CPU of",
    ...sizes.map((size) => size.toLocaleString("en")),
    "exponent",
    "the last step",
    "should be",
    "is",
  ];
  return table(
    head,
    lines.map(({ of, points }) => {
      const exponents = [exponentOf(points), exponentOf(points.slice(-2))];
      const costs = sizes.map((_, at) => (points[at] === undefined ? "" : shown(points[at].cost)));
      const verdict = exponents.every((exponent, at) => exponent <= (atMost[of.growth][at] ?? 0)) ? "yes" : "no";
      return [of.subject, of.unit, ...costs, ...exponents.map((each) => each.toFixed(2)), of.growth, verdict];
    }),
  );
}
