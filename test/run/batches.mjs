// Which specs share a process: some of one folder, in the order of their names, until they have enough to do.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A batch is full when its specs took so many seconds together, or when it has so many: few processes, and none of the last ones is long. */
const fullSeconds = 60;
const fullSpecs = 40;

/** What a spec takes that is not in costs.json, in seconds: most take less, and it is no worse where one is new. */
const usualSeconds = 0.5;

/** A spec that measures time, or needs something that a machine has once, says so on a line of its own, with the reason. */
const alone = /^\/\/ Runs alone: \S/m;

/** So does one that measures its process, and may have company on the machine. */
const apart = /^\/\/ Runs in a process of its own: \S/m;

/** Specs that use the packed package share one process, however long they take: packing and installing it is the most expensive part. */
const packed = /\/support\/packed-(package|tarball)\.ts"/;

/** All specs at a path of the sources, which may be a folder or a spec; none when there is nothing. */
export function specsAt(root, path) {
  const place = join(root, path);
  if (!existsSync(place)) return [];
  if (!statSync(place).isDirectory()) return [path];
  return readdirSync(place, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".spec.ts"))
    .map((name) => join(path, name).replaceAll("\\", "/"))
    .toSorted();
}

const folderOf = (spec) => spec.split("/")[1];

function batchesOfFolder(specs, secondsOf) {
  const batches = [];
  let room = 0;
  for (const spec of specs) {
    if (room <= 0 || batches.at(-1).length === fullSpecs) {
      batches.push([]);
      room = fullSeconds;
    }
    batches.at(-1).push(spec);
    room -= secondsOf(spec);
  }
  return batches;
}

/**
 * @param costs the seconds that specs took in an earlier run, by their paths
 * @returns `together`: lists of specs, each for a process that runs beside others, the longest first, so that no lane is alone at the end;
 * `apart`: the specs that run beside others too, each in a process of its own; `alone`: those that run when all others are over
 */
export function batchesOf(root, specs, costs) {
  const secondsOf = (spec) => costs[spec] ?? usualSeconds;
  const secondsOfBatch = (batch) => batch.reduce((sum, spec) => sum + secondsOf(spec), 0);
  const textOf = new Map(specs.map((spec) => [spec, readFileSync(join(root, spec), "utf8")]));
  const single = specs.filter((spec) => alone.test(textOf.get(spec)));
  const own = specs.filter((spec) => apart.test(textOf.get(spec)));
  const others = specs.filter((spec) => !single.includes(spec) && !own.includes(spec));
  const withPacked = others.filter((spec) => packed.test(textOf.get(spec)));
  const rest = others.filter((spec) => !withPacked.includes(spec));
  const folders = [...new Set(rest.map(folderOf))];
  const together = folders.flatMap((folder) =>
    batchesOfFolder(
      rest.filter((spec) => folderOf(spec) === folder),
      secondsOf,
    ),
  );
  if (withPacked.length > 0) together.push(withPacked);
  return { together: together.toSorted((a, b) => secondsOfBatch(b) - secondsOfBatch(a)), apart: own, alone: single };
}
