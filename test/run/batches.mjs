// Which specs share a process: some of one folder, in the order of their names.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** How many specs a batch has, by folder of test/, the slowest folders first: short batches at the end leave no lane alone for long. */
const sizes = { architecture: Infinity, browser: Infinity, e2e: 4, compliance: 2, integration: 12, marbles: Infinity, unit: 40 };

/** A spec that measures memory or time, or needs something that a machine has once, says so on a line of its own, with the reason. */
const alone = /^\/\/ Runs alone: \S/m;

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

function batchesOfFolder(specs, size) {
  const batches = [];
  for (let at = 0; at < specs.length; at += size) batches.push(specs.slice(at, at + size));
  return batches;
}

/** @returns `together`: lists of specs, each for a process that runs beside others; `alone`: the specs that run when all others are over */
export function batchesOf(root, specs) {
  const single = new Set(specs.filter((spec) => alone.test(readFileSync(join(root, spec), "utf8"))));
  const known = Object.keys(sizes);
  const unknown = [...new Set(specs.map(folderOf))].filter((folder) => !known.includes(folder));
  const together = [...known, ...unknown].flatMap((folder) =>
    batchesOfFolder(
      specs.filter((spec) => folderOf(spec) === folder && !single.has(spec)),
      sizes[folder] ?? 20,
    ),
  );
  return { together, alone: [...single] };
}
