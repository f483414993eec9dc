import { relative, sep } from "node:path";

/** The spec of the sources that a file in dist/ was built from. */
export const specOf = (root, file) =>
  relative(root, file)
    .split(sep)
    .join("/")
    .replace(/^dist\/(.*)\.js$/, "$1.ts");
