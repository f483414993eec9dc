// VitePress, in dist/site: build.mjs has put the pages and menu.json there.
import { readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

const menu = JSON.parse(readFileSync(new URL("../menu.json", import.meta.url), "utf8"));

export default defineConfig({
  title: "Sluice",
  description: "A programmable proxy for TypeScript developers",
  srcDir: "pages",
  outDir: "public",
  cacheDir: "cache",
  cleanUrls: true,
  // A broken link fails the build.
  ignoreDeadLinks: false,
  themeConfig: {
    nav: [
      { text: "Guide", link: "/getting-started" },
      { text: "Write a plugin", link: "/writing-a-plugin" },
      { text: "API", link: "/api/" },
    ],
    sidebar: menu,
    outline: [2, 3],
    search: { provider: "local" },
  },
  // Pictures have a light and a dark side: the page's switch chooses, not the system.
  head: [["style", {}, ".dark .light-side, html:not(.dark) .dark-side { display: none }"]],
  markdown: { theme: { light: "github-light", dark: "github-dark" } },
});
