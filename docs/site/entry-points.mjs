import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The entry points of the package: the source of each, its path as TypeDoc calls it, and the name by which it is imported. */
export function entryPointsOf(root) {
  const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const entryPoints = Object.entries(exports).filter(([, { default: file }]) => file !== undefined);
  return entryPoints.map(([key, { default: file }]) => {
    const source = file.slice("./dist/".length, -".js".length);
    return { source: `${source}.ts`, path: source.replace(/\/index$/, ""), name: key.replace(".", "sluice") };
  });
}
