// VitePress's own theme, which also draws the diagrams of a page.
import { onContentUpdated, type Theme } from "vitepress";
import DefaultTheme from "vitepress/theme";

interface Mermaid {
  initialize(options: { readonly startOnLoad: boolean; readonly theme: string }): void;
  run(): Promise<void>;
}

let loading: Promise<Mermaid> | undefined;

/** A classic script, which only pages with a diagram load. */
function load(): Promise<Mermaid> {
  return (loading ??= new Promise((resolve, reject) => {
    const onload = (): void => {
      const { mermaid } = globalThis as unknown as { readonly mermaid: Mermaid };
      mermaid.initialize({ startOnLoad: false, theme: "neutral" });
      resolve(mermaid);
    };
    document.head.append(Object.assign(document.createElement("script"), { src: "/mermaid.js", onload, onerror: reject }));
  }));
}

async function drawDiagrams(): Promise<void> {
  if (document.querySelector("pre.mermaid:not([data-processed])") !== null) await (await load()).run();
}

const theme: Theme = {
  extends: DefaultTheme,
  setup() {
    onContentUpdated(drawDiagrams);
  },
};
export default theme;
