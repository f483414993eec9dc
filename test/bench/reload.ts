import type { ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readFdLimit } from "../../core/config/check/fd-limit.ts";
import { freePort } from "../support/sockets.ts";
import { ask, start, type Cost } from "./live-proxy.ts";
import { median, table, type Verdict } from "./report.ts";
import type { Workshop } from "./under-test.ts";

const files = 30;
const cpuMsAllowed = 50;
const waitMsAllowed = 20;
/** How long one look at the longest wait takes, with a reload in it or without. */
const lookMs = 600;
/** Reloads before those that count: the first ones compile the loader itself. */
const warmUps = 5;
const row = 10;
/** Open sessions that a reload takes along while others wait for their messages: two descriptors each, in the proxy as in the load. */
const manySessions = Math.min(10_000, Math.floor(((readFdLimit() ?? 1024) - 200) / 2));

/** A config that imports 30 plugin files, all in use. */
function writeConfig(folder: string, listen: number, upstream: number): { config: string; edited: string } {
  const plugins = join(folder, "plugins");
  mkdirSync(plugins, { recursive: true });
  const names = Array.from({ length: files }, (_, index) => `plugin${index + 1}`);
  for (const name of names) {
    writeFileSync(
      join(plugins, `${name}.ts`),
      `import { definePlugin, type Session } from "sluice";
import { each } from "sluice/flow";
import { z } from "zod";

interface Seen { readonly chunks: number; readonly bytes: number }

/** Counts what passes. */
export const ${name} = definePlugin("${name}", ({ label }: { label: string }) => {
  let seen: Seen = { chunks: 0, bytes: 0 };
  const count = (chunk: Buffer): Buffer => {
    seen = { chunks: seen.chunks + 1, bytes: seen.bytes + chunk.length };
    return chunk;
  };
  return {
    borrows: true,
    fromClient: (data, _session: Session) => data.pipe(each(count)),
    fromUpstream: (data) => data.pipe(each((chunk) => (label === "" ? null : count(chunk)))),
  };
}, z.object({ label: z.string() }));
`,
    );
  }
  const config = join(folder, "proxy.config.ts");
  writeFileSync(
    config,
    `import { defineConfig } from "sluice";
${names.map((name) => `import { ${name} } from "./plugins/${name}.ts";`).join("\n")}

export default defineConfig({
  listeners: {
    bench: {
      listen: "tcp://127.0.0.1:${listen}",
      upstream: "127.0.0.1:${upstream}",
      plugins: [${names.map((name) => `${name}({ label: "${name}" })`).join(", ")}],
    },
  },
});
`,
  );
  return { config, edited: join(plugins, `plugin${files / 2}.ts`) };
}

/** Row 10: what one save costs, and how long chunks of open sessions wait because of it. */
export async function measureReload(workshop: Workshop, rounds: number): Promise<{ text: string; verdicts: Verdict[] }> {
  const [listen, upstream] = [await freePort(), await freePort()];
  const { config, edited } = writeConfig(join(workshop.folder, "reload"), listen, upstream);
  const proxy = await start("proxy", "proxies/live-config.js", [config, edited]);
  try {
    for (let index = 0; index < warmUps; index += 1) await ask<Cost>(proxy);
    const costs: Cost[] = [];
    for (let index = 0; index < rounds; index += 1) costs.push(await ask<Cost>(proxy));
    const few = await measureWaits(proxy, [listen, upstream, 0], rounds);
    const many = await measureWaits(proxy, [listen, upstream, manySessions], rounds);
    return { text: textOf(costs, few, many), verdicts: verdictsOf(costs, few, many) };
  } finally {
    proxy.kill("SIGKILL");
  }
}

interface Waits {
  readonly without: readonly number[];
  readonly during: readonly number[];
}

/** @param traffic the ports of the proxy and of its upstream, and how many more sessions are open and idle */
async function measureWaits(proxy: ChildProcess, traffic: readonly number[], rounds: number): Promise<Waits> {
  const load = await start("load", "load/steady.js", traffic.map(String));
  const look = async (work: Promise<unknown>): Promise<number> => {
    await Promise.all([work, sleep(lookMs)]);
    return (await ask<{ longestMs: number }>(load)).longestMs;
  };
  const [without, during]: [number[], number[]] = [[], []];
  try {
    await look(sleep(lookMs));
    for (let index = 0; index < rounds; index += 1) {
      without.push(await look(Promise.resolve()));
      during.push(await look(ask<Cost>(proxy)));
    }
  } finally {
    load.kill("SIGKILL");
  }
  return { without, during };
}

const ms = (value: number): string => `${value.toFixed(1)} ms`;

function textOf(costs: readonly Cost[], few: Waits, many: Waits): string {
  const line = (what: string, values: readonly number[]): string[] => [
    what,
    ms(Math.min(...values)),
    ms(median(values)),
    ms(Math.max(...values)),
  ];
  return table(
    ["", "best", "median", "worst"],
    [
      line(
        "CPU of one reload",
        costs.map(({ cpuMs }) => cpuMs),
      ),
      line(
        "from the save to the commit",
        costs.map(({ wallMs }) => wallMs),
      ),
      line(`longest wait of a message in ${lookMs} ms, without a reload`, few.without),
      line("the same with a reload", few.during),
      line(`with ${manySessions} open sessions, without a reload`, many.without),
      line("the same with a reload that takes them all along", many.during),
    ],
  );
}

function waitVerdict(what: string, { without, during }: Waits): Verdict {
  const more = median(during) - median(without);
  return { row, what, required: `<= ${ms(waitMsAllowed)}`, measured: ms(more), reached: more <= waitMsAllowed };
}

function verdictsOf(costs: readonly Cost[], few: Waits, many: Waits): Verdict[] {
  const cpu = Math.min(...costs.map(({ cpuMs }) => cpuMs));
  return [
    {
      row,
      what: `reload with ${files} plugin files: CPU`,
      required: `<= ${ms(cpuMsAllowed)}`,
      measured: ms(cpu),
      reached: cpu <= cpuMsAllowed,
    },
    waitVerdict("reload: longer wait of a chunk", few),
    waitVerdict(`reload with ${manySessions} open sessions: longer wait of a chunk`, many),
  ];
}
