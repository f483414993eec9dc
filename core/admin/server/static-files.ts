import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The page as Vite built it: `index.html`, and `assets/` with hashed names. Compiled, this file is dist/core/admin/server/static-files.js. */
const folder = fileURLToPath(new URL("../page/", import.meta.url));

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
};

export interface StaticFile {
  readonly content: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

/** A file of the page; undefined: no such file. @param url the path of the request */
export async function staticFile(url: string): Promise<StaticFile | undefined> {
  const name = url === "/" ? "index.html" : url.slice(1);
  // At most one folder deep. Nothing that could lead out of the folder, or to a hidden file.
  if (!/^(assets\/)?[A-Za-z0-9_-][\w.-]*$/.test(name)) return undefined;
  const type = types[path.extname(name)];
  if (type === undefined || (!name.startsWith("assets/") && name.endsWith(".js"))) return undefined;
  const content = await readFile(path.join(folder, name)).catch(() => undefined);
  if (content === undefined) return undefined;
  const cached = name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
  return { content, headers: { "content-type": type, "cache-control": cached } };
}
