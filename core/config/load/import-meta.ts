import { isBuiltin } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/**
 * `import.meta` of a local module, as Node gives it to an ES module: its `resolve` does not check whether a file exists.
 *
 * @param resolveName returns the URL for a specifier that is not a path
 */
export function importMeta(file: string, resolveName: (specifier: string) => string): ImportMeta {
  const { href: url } = pathToFileURL(file);
  const resolve = (specifier: string): string => {
    if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
    if (/^\.{0,2}\//.test(specifier) || URL.canParse(specifier)) return new URL(specifier, url).href;
    return resolveName(specifier);
  };
  return { url, filename: file, dirname: path.dirname(file), resolve };
}
