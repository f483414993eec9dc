// Row 20: what it costs to be looked at, by a page in a real Chromium: 100,000 sessions a minute, and the CPU of a bulk byte.
import { mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { createCleanup, type Cleanup } from "../support/cleanup.ts";
import { openPage, startBrowser } from "../support/browser.ts";
import { freePort } from "../support/sockets.ts";
import { findTool } from "../setup/tools.ts";
import { ProxyProcess } from "../soak/proxy-process.ts";
import { inMebibytes } from "../soak/figures.ts";
import { ask, start } from "./live-proxy.ts";
import type { PacedSessions } from "./load/paced-sessions.ts";
import { cpuOf } from "./process-figures.ts";
import { median, table, type Verdict } from "./report.ts";
import type { Workshop } from "./under-test.ts";

const row = 20;
const rate = 1670;
/** The last 10,000 sessions are kept: memory is flat once there are as many. */
const warmSeconds = 10;
const token = "a-token-for-this-measurement-alone";
const [msAllowed, growthAllowed, bulkAllowed] = [200, 0.05, 0.05];

interface Measured {
  readonly text: string;
  readonly verdicts: Verdict[];
}

interface Surroundings {
  readonly proxy: ProxyProcess;
  readonly ports: Readonly<Record<string, number>>;
  readonly admin: string;
  readonly upstream: number;
  readonly browser: Browser;
}

const configText = (admin: string, upstream: number, sink: number): string => `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
const same = definePlugin("same", () => ({ fromClient: (data) => data.pipe(each((chunk) => chunk)) }));
const six = Array.from({ length: 6 }, (_, at) => same({ name: "same" + at }));
export default defineConfig({
  log: { level: "silent" },
  admin: { listen: "tcp://${admin}", token: "${token}" },
  listeners: {
    many: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:${upstream}", plugins: [] },
    bulk: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:${sink}", plugins: six },
  },
});
`;

/** @param seconds of each view of the page, and of each half of a comparison */
export async function measureWatched(workshop: Workshop, rounds: number, seconds: number): Promise<Measured> {
  const chromium = findTool("chromium");
  if (chromium === undefined) return { text: "skipped: chromium is not installed", verdicts: [] };
  const cleanup = createCleanup();
  try {
    const around = await surround(cleanup, workshop, chromium);
    const sessions = await manySessions(around, seconds);
    const bulk = await bulkBytes(around, rounds, seconds / 5);
    return { text: `${sessions.text}\n\n${bulk.text}`, verdicts: [...sessions.verdicts, ...bulk.verdicts] };
  } finally {
    await cleanup.run();
  }
}

async function surround(cleanup: Cleanup, { folder }: Workshop, chromium: string): Promise<Surroundings> {
  const sink = createServer((socket) => void socket.on("error", () => undefined).resume()).listen(0, "127.0.0.1");
  cleanup.add(() => void sink.close());
  const [admin, upstream] = [`127.0.0.1:${await freePort()}`, await freePort()];
  const place = join(folder, "watched");
  mkdirSync(place);
  writeFileSync(join(place, "proxy.config.ts"), configText(admin, upstream, (sink.address() as AddressInfo).port));
  const proxy = new ProxyProcess(place);
  cleanup.add(async () => void (await proxy.stop()));
  return { proxy, ports: await proxy.ready(), admin, upstream, browser: await startBrowser(cleanup, chromium) };
}

async function openDashboard({ browser, admin }: Surroundings, view: string): Promise<Page> {
  const { page } = await openPage(browser);
  await page.goto(`http://${admin}/#token=${token}`);
  await page.getByRole("cell", { name: "many", exact: true }).first().waitFor();
  await page.goto(`http://${admin}/#/${view}`);
  await sleep(1_500);
  return page;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

async function runSessions({ ports, upstream }: Surroundings, seconds: number): Promise<PacedSessions> {
  const load = await start("load", "load/paced-sessions.js", [ports["many"] ?? 0, upstream, rate, seconds].map(String));
  try {
    return await ask<PacedSessions>(load);
  } finally {
    load.kill("SIGKILL");
  }
}

/** What a second page would be answered, and how long the first one's next frame takes, ten times a second. */
async function look({ admin }: Surroundings, page: Page, loaded: Promise<unknown>): Promise<{ answers: number[]; frames: number[] }> {
  const [answers, frames]: [number[], number[]] = [[], []];
  const state = { over: false };
  const end = (): void => void (state.over = true);
  loaded.then(end, end);
  while (!state.over) {
    answers.push(
      await milliseconds(async () => {
        const response = await fetch(`http://${admin}/api/v1/sessions?limit=50`, { headers: { authorization: `Bearer ${token}` } });
        await response.arrayBuffer();
        if (!response.ok) throw new Error(`sessions answered ${response.status}`);
      }),
    );
    frames.push(await milliseconds(() => page.evaluate("new Promise((frame) => requestAnimationFrame(frame))")));
    await sleep(100);
  }
  return { answers, frames };
}

function spreadOf(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN).toFixed(1);
  return `${at(0.5)} / ${at(0.99)} / ${at(1)}`;
}

async function manySessions(around: Surroundings, seconds: number): Promise<Measured> {
  const cells: string[][] = [];
  const [answers, frames]: [number[], number[]] = [[], []];
  let unanswered = 0;
  await runSessions(around, warmSeconds);
  const before = (await around.proxy.memory()).kept;
  for (const view of ["overview", "sessions"]) {
    const page = await openDashboard(around, view === "overview" ? "" : view);
    const load = runSessions(around, seconds);
    const seen = await look(around, page, load);
    const { begun, answered, milliseconds: clients } = await load;
    await page.context().close();
    answers.push(...seen.answers);
    frames.push(...seen.frames);
    unanswered += begun - answered;
    cells.push([view, `${answered} of ${begun}`, ...[clients, seen.answers, seen.frames].map(spreadOf)]);
  }
  const after = (await around.proxy.memory()).kept;
  const grown = after / before - 1;
  const text = `${table(["view open", "sessions answered", "ms of a client, p50 / p99 / longest", "ms of the API", "ms of a frame of the page"], cells)}

Memory kept: ${inMebibytes(before)} MiB, then ${inMebibytes(after)} MiB.`;
  const what = `${rate} sessions a second with the page open`;
  const wait = (of: string, values: number[]): Verdict => {
    const longest = Math.max(...values);
    const measured = `${longest.toFixed(1)} ms`;
    return { row, what: `${what}: longest wait for ${of}`, required: `<= ${msAllowed} ms`, measured, reached: longest <= msAllowed };
  };
  return {
    text,
    verdicts: [
      { row, what, required: "0 unanswered", measured: `${unanswered} unanswered`, reached: unanswered === 0 },
      wait("the API", answers),
      wait("a frame of the page", frames),
      atMost(`${what}: more memory kept`, grown, growthAllowed),
    ],
  };
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const atMost = (what: string, share: number, allowed: number): Verdict => ({
  row,
  what,
  required: `<= ${percent(allowed)}`,
  measured: percent(share),
  reached: share <= allowed,
});

function cpuSeconds({ pid }: ProxyProcess): number {
  const { user, system } = cpuOf(pid);
  return user + system;
}

/** CPU nanoseconds of the proxy for each byte of an endless upload. */
async function bulkByte({ proxy, ports }: Surroundings, seconds: number): Promise<number> {
  const socket = connect(ports["bulk"] ?? 0, "127.0.0.1").on("error", () => undefined);
  const block = Buffer.alloc(1024 * 1024);
  let sent = 0;
  const push = (): void => {
    while (!socket.destroyed) {
      sent += block.length;
      if (!socket.write(block)) return void socket.once("drain", push);
    }
  };
  push();
  await sleep(1_000);
  const [cpu, bytes] = [cpuSeconds(proxy), sent];
  await sleep(seconds * 1000);
  const result = ((cpuSeconds(proxy) - cpu) * 1e9) / (sent - bytes);
  socket.destroy();
  return result;
}

async function bulkBytes(around: Surroundings, rounds: number, seconds: number): Promise<Measured> {
  const [without, withPage]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    without.push(await bulkByte(around, seconds));
    const page = await openDashboard(around, "listeners/bulk");
    withPage.push(await bulkByte(around, seconds));
    await page.context().close();
  }
  const cells = [without, withPage].map((values, at) => [
    at === 0 ? "no page" : "its listener's page open",
    ...[Math.min(...values), median(values), Math.max(...values)].map((each) => each.toFixed(3)),
  ]);
  const more = median(withPage) / median(without) - 1;
  return {
    text: table(["CPU of a bulk byte, ns", "best", "median", "worst"], cells),
    verdicts: [atMost("a bulk byte with the page open: more CPU", more, bulkAllowed)],
  };
}
