import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ask, start, type Cost } from "./live-proxy.ts";
import { median, table, type Verdict } from "./report.ts";
import type { Workshop } from "./under-test.ts";

const cpuMsAllowed = 100;
/** Saves before those that count: the first ones compile the code. */
const warmUps = 8;
const row = 18;
const counts = [10, 100, 1000];

/** A config of so many listeners, one of which takes a value from a file of its own. */
function writeConfig(folder: string, count: number): { config: string; edited: string } {
  mkdirSync(folder, { recursive: true });
  const edited = join(folder, "prefix.ts");
  // Another value with each save: the program appends a comment, whose length it is.
  writeFileSync(
    edited,
    `import { readFileSync } from "node:fs";\nexport const idle = 600 + readFileSync(${JSON.stringify(edited)}).length;\n`,
  );
  const config = join(folder, "proxy.config.ts");
  writeFileSync(
    config,
    `import { defineConfig } from "sluice";
import { echo, logging } from "sluice/plugins";
import { idle } from "./prefix.ts";

export default defineConfig({
  log: { level: "silent" },
  listeners: Object.fromEntries(
    Array.from({ length: ${count} }, (_, at) => [
      "listener" + at,
      { listen: "tcp://127.0.0.1:0", timeouts: at === 7 ? { idle: idle + "s" } : {}, plugins: [logging(), echo()] },
    ]),
  ),
});
`,
  );
  return { config, edited };
}

/** Row 18: what a save costs that changes one of many listeners. */
export async function measureOneOfMany(workshop: Workshop, rounds: number): Promise<{ text: string; verdicts: Verdict[] }> {
  const lines: string[][] = [];
  let best = Infinity;
  for (const count of counts) {
    const { config, edited } = writeConfig(join(workshop.folder, `listeners-${count}`), count);
    const proxy = await start("proxy", "proxies/live-config.js", [config, edited]);
    try {
      for (let index = 0; index < warmUps; index += 1) await ask<Cost>(proxy);
      const costs: number[] = [];
      for (let index = 0; index < rounds; index += 1) costs.push((await ask<Cost>(proxy)).cpuMs);
      best = Math.min(...costs);
      lines.push([`${count}`, ...[best, median(costs), Math.max(...costs)].map((each) => `${each.toFixed(1)} ms`)]);
    } finally {
      proxy.kill("SIGKILL");
    }
  }
  const what = `a save that changes one of ${counts.at(-1)} listeners: CPU`;
  const verdict = { row, what, required: `<= ${cpuMsAllowed} ms`, measured: `${best.toFixed(1)} ms`, reached: best <= cpuMsAllowed };
  return { text: table(["listeners", "CPU of a save, best", "median", "worst"], lines), verdicts: [verdict] };
}
