// What specs cost: the seconds that each took in an earlier run. Only those that take long are noted.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { specOf } from "./spec-of.mjs";

const leastSeconds = 2;
const fileIn = (root) => join(root, "test/run/costs.json");

export const readCosts = (root) => JSON.parse(readFileSync(fileIn(root), "utf8"));

/** @param outcomes how batches ended: `counts.seconds` has the seconds of each file in dist/ */
export function costsOf(root, outcomes) {
  const all = outcomes.flatMap(({ counts }) => Object.entries(counts.seconds ?? {}));
  const long = all.map(([file, seconds]) => [specOf(root, file), Math.round(seconds)]).filter(([, seconds]) => seconds >= leastSeconds);
  return Object.fromEntries(long.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

export const writeCosts = (root, costs) => writeFileSync(fileIn(root), `${JSON.stringify(costs, null, 2)}\n`);
