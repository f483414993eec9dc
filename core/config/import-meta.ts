import { isBuiltin } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { Packages } from "./packages.ts";

/** `import.meta` of a local module: what Node gives an ES module, whose `resolve` asks of no file whether it is there. */
export function importMeta(file: string, packages: Packages): ImportMeta {
  const { href: url } = pathToFileURL(file);
  return { url, filename: file, dirname: path.dirname(file), resolve: (specifier) => resolved(specifier, file, url, packages) };
}

function resolved(specifier: string, file: string, url: string, packages: Packages): string {
  if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
  if (/^\.{0,2}\//.test(specifier) || URL.canParse(specifier)) return new URL(specifier, url).href;
  return packages.resolve(specifier, file);
}
