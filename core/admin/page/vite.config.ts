import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The admin server's page: `npm run build` writes it beside the compiled server. */
// oxlint-disable-next-line import/no-default-export -- what Vite looks for
export default defineConfig({
  root: folder("."),
  base: "/",
  logLevel: "warn",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { outDir: folder("../../../dist/core/admin/page"), emptyOutDir: true, target: "es2022", modulePreload: { polyfill: false } },
});
