import { readlinkSync, realpathSync } from "node:fs";
import path from "node:path";

/** Where a path leads when every symlink on it is followed; undefined when nothing is there. */
export function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}

/** The most links that the kernel follows. */
const mostLinks = 40;

/** The stations of a path: every symlink on it, with its own path, and last the file itself, which need not exist. */
export function waypoints(file: string, links = mostLinks): string[] {
  let at = path.parse(file).root;
  const parts = file.slice(at.length).split(path.sep);
  for (const [index, part] of parts.entries()) {
    const here = path.join(at, part);
    const target = links === 0 ? undefined : linkTarget(here);
    if (target !== undefined) return [here, ...waypoints(path.resolve(at, target, ...parts.slice(index + 1)), links - 1)];
    at = here;
  }
  return [file];
}

function linkTarget(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
