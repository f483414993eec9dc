import type { Shown } from "./scene.ts";

/** Seconds between two lines, and how long the last picture stands before it begins again. */
const [STEP, REST] = [1.3, 5];
const [WIDTH, LINE, TOP] = [860, 21, 62];
const columns = { proxy: 16, client: 500 } as const;
const colors = { typed: "#e6edf3", printed: "#7ee787", saved: "#d2a8ff", wrong: "#ff7b72" } as const;
const LONGEST = 56;

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Long lines go on below, as in a terminal. */
function wrapped(text: string, longest: number): string[] {
  const lines: string[] = [];
  for (let rest = text; rest !== ""; rest = rest.slice(longest)) lines.push(rest.slice(0, longest));
  return lines;
}

/**
 * Two windows whose lines appear one after the other, in CSS alone: GitHub and browsers play it, and where motion is not wanted everything is
 * there at once.
 */
export function animatedSvg(shown: readonly Shown[], title: string): string {
  const total = shown.length * STEP + REST;
  const heights = { proxy: 0, client: 0 };
  const lines = shown.flatMap(({ window, kind, text }, at) => {
    const prompt = kind === "typed" ? (window === "proxy" || text.startsWith("nc ") ? "$ " : "> ") : "";
    const longest = window === "proxy" ? LONGEST : 40;
    return wrapped(prompt + text, longest).map((part) => {
      const y = TOP + heights[window] * LINE;
      heights[window] += 1;
      return `<text class="l l${at}" x="${columns[window]}" y="${y}" fill="${colors[kind]}" xml:space="preserve">${escaped(part)}</text>`;
    });
  });
  const height = TOP + Math.max(heights.proxy, heights.client) * LINE;
  const moments = shown.map((_line, at) => {
    const from = ((100 * at * STEP) / total).toFixed(2);
    return `@keyframes k${at}{0%,${from}%{opacity:0}${(Number(from) + 0.01).toFixed(2)}%,100%{opacity:1}}.l${at}{animation:k${at} ${total.toFixed(1)}s infinite}`;
  });
  const style = [
    "text{font:13.5px ui-monospace,Menlo,Consolas,monospace}.h{font-size:12px;fill:#7d8590}",
    ...moments,
    "@media (prefers-reduced-motion:reduce){.l{animation:none!important}}",
  ].join("\n");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect width="${WIDTH}" height="${height}" rx="8" fill="#0d1117"/>`,
    `<line x1="485" y1="12" x2="485" y2="${height - 12}" stroke="#30363d"/>`,
    `<text class="h" x="${columns.proxy}" y="28">terminal 1, and an editor</text><text class="h" x="${columns.client}" y="28">terminal 2: one connection, open all the time</text>`,
    ...lines,
    "</svg>",
    "",
  ].join("\n");
}
