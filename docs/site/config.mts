// VitePress, in dist/site: build.mjs has put the pages and menu.json there.
import { readFileSync } from "node:fs";
import { defineConfig, type MarkdownRenderer } from "vitepress";

const menu = JSON.parse(readFileSync(new URL("../menu.json", import.meta.url), "utf8"));

/** The address of a heading as GitHub makes it: links of the pages are right in both places. */
const slugify = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, "")
    .replaceAll(" ", "-");

const style = `
  /* Pictures have a light and a dark side: the page's switch chooses, not the system. */
  .dark .light-side, html:not(.dark) .dark-side { display: none }
  pre.mermaid { overflow-x: auto }
  .dark pre.mermaid svg { filter: invert(1) hue-rotate(180deg) }
  /* Wide screens show whole lines of code. */
  :root { --vp-layout-max-width: 110rem }
  .VPDoc.has-aside .content-container.content-container { max-width: 70rem }
`;

/**
 * Diagrams stay as they are written: theme.mts draws them in the browser. Other code is colored once: each page is made for the reader, and again for
 * the search.
 */
function changeFences(markdown: MarkdownRenderer): void {
  const { fence } = markdown.renderer.rules;
  const made = new Map<string, string>();
  markdown.renderer.rules.fence = (tokens, at, ...rest) => {
    const { info = "", content = "" } = tokens[at] ?? {};
    if (info === "mermaid") return `<pre class="mermaid" v-pre>${markdown.utils.escapeHtml(content)}</pre>\n`;
    const key = `${info}\n${content}`;
    const html = made.get(key) ?? fence?.(tokens, at, ...rest) ?? "";
    made.set(key, html);
    return html;
  };
}

export default defineConfig({
  title: "Sluice",
  description: "A programmable proxy for TypeScript developers",
  srcDir: "pages",
  outDir: "public",
  cacheDir: "cache",
  // Links end in .html: any web server has such files, also one that knows no "clean" addresses.
  cleanUrls: false,
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
    notFound: { title: "No such page", quote: "The search finds every page, and the menu lists them.", linkText: "To the first page" },
  },
  head: [
    ["link", { rel: "icon", href: "/sluice.svg", type: "image/svg+xml" }],
    ["style", {}, style],
  ],
  markdown: { anchor: { slugify }, theme: { light: "github-light", dark: "github-dark" }, config: changeFences },
});
