// node dist/test/bench/watched.js [--seconds 60] [--rate 1667] [--bulk 6] [--rounds 3]
//
// What it costs to be looked at: sessions as fast as asked for with the page open in Chromium (the time of its answers, the proxy's memory), and the CPU
// of a bulk byte with the page and without it.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { Browser } from "playwright-core";
import { freePort } from "../support/sockets.ts";
import { openPage, startBrowser } from "../support/browser.ts";
import { createCleanup } from "../support/cleanup.ts";
import { findTool } from "../setup/tools.ts";
import { ProxyProcess } from "../soak/proxy-process.ts";
import { inMebibytes } from "../soak/figures.ts";
import { cpuOf } from "./process-figures.ts";
import { median } from "./report.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    rate: { type: "string", default: "1667" },
    bulk: { type: "string", default: "6" },
    rounds: { type: "string", default: "3" },
  },
});
const [seconds, rate, bulkSeconds, rounds] = [values.seconds, values.rate, values.bulk, values.rounds].map(Number) as [
  number,
  number,
  number,
  number,
];
const token = "a-token-for-this-measurement-alone";
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const cleanup = createCleanup();

const configText = (admin: number, sink: number): string => `import { defineConfig, definePlugin } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
const same = definePlugin("same", () => ({ fromClient: (data) => data.pipe(each((chunk) => chunk)) }));
const six = Array.from({ length: 6 }, (_, at) => same({ name: "same" + at }));
export default defineConfig({
  log: { level: "silent" },
  admin: { listen: "tcp://127.0.0.1:${admin}", token: "${token}" },
  listeners: {
    many: { listen: "tcp://127.0.0.1:0", plugins: [...six, echo()] },
    bulk: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:${sink}", plugins: six },
  },
});
`;

/** One session: a message there and back. */
function session(port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined).once("close", () => resolve());
    socket.once("data", () => socket.end());
    socket.write("hello");
  });
}

/** Sessions at a rate, at most so many at once. @returns how many were had */
async function runSessions(port: number, until: number): Promise<number> {
  let [begun, open] = [0, 0];
  const start = performance.now();
  while (performance.now() < until) {
    const due = ((performance.now() - start) / 1000) * rate;
    while (begun < due && open < 256) {
      begun += 1;
      open += 1;
      void session(port).then(() => (open -= 1));
    }
    await pause(2);
  }
  return begun;
}

interface Answers {
  readonly milliseconds: number[];
  readonly worst: string;
}

/** Asks what the page asks, once a second each, as a second page would. */
async function askAll(admin: number, until: number): Promise<Answers> {
  const milliseconds: number[] = [];
  let worst = { path: "", took: 0 };
  const paths = ["status", "listeners", "generations", "sessions?limit=200", "sessions?limit=200&filter=client%3Anobody", "upstreams"];
  while (performance.now() < until) {
    for (const path of paths) {
      const begun = performance.now();
      const response = await fetch(`http://127.0.0.1:${admin}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`${path} answered ${response.status}`);
      const took = performance.now() - begun;
      milliseconds.push(took);
      if (took > worst.took) worst = { path, took };
    }
    await pause(500);
  }
  return { milliseconds, worst: `${worst.path} ${worst.took.toFixed(0)} ms` };
}

async function manySessions(proxy: ProxyProcess, ports: Record<string, number>, admin: number): Promise<void> {
  const kept: number[] = [];
  // The last 10,000 are kept: memory is flat once there are as many.
  await runSessions(ports["many"] ?? 0, performance.now() + 10_000);
  kept.push((await proxy.memory()).kept);
  const until = performance.now() + seconds * 1000;
  const [had, { milliseconds, worst }] = await Promise.all([runSessions(ports["many"] ?? 0, until), askAll(admin, until)]);
  kept.push((await proxy.memory()).kept);
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(sorted.length * share)] ?? 0).toFixed(1);
  print(
    `sessions: ${Math.round(had / (seconds / 60))} a minute; answers: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, worst ${worst}, of ${sorted.length}`,
  );
  print(`memory that is kept: ${kept.map(inMebibytes).join(" MiB, then ")} MiB`);
}

function secondsOf({ pid }: ProxyProcess): number {
  const { user, system } = cpuOf(pid);
  return user + system;
}

/** CPU nanoseconds of the proxy for each byte of an endless upload. */
async function bulkByte(proxy: ProxyProcess, port: number): Promise<number> {
  const socket: Socket = connect(port, "127.0.0.1");
  const block = Buffer.alloc(1024 * 1024);
  let sent = 0;
  const state = { ended: false };
  const push = (): void => {
    while (!state.ended) {
      sent += block.length;
      if (!socket.write(block)) return void socket.once("drain", push);
    }
  };
  push();
  await pause(1_000);
  const [cpu, bytes] = [secondsOf(proxy), sent];
  await pause(bulkSeconds * 1000);
  const result = ((secondsOf(proxy) - cpu) * 1e9) / (sent - bytes);
  state.ended = true;
  socket.destroy();
  return result;
}

async function openDashboard(browser: Browser, admin: number, place: string): Promise<() => Promise<void>> {
  const { page } = await openPage(browser);
  await page.goto(`http://127.0.0.1:${admin}/#token=${token}`);
  await page.getByRole("cell", { name: "many", exact: true }).first().waitFor();
  await page.goto(`http://127.0.0.1:${admin}/#/${place}`);
  return () => page.context().close();
}

/** CPU seconds a second that the page asks of a proxy that carries nothing, beyond what that costs anyway. */
async function pageAlone(proxy: ProxyProcess, browser: Browser, admin: number): Promise<number> {
  const used: number[] = [];
  for (const open of [false, true]) {
    // oxlint-disable no-await-in-loop -- in turn
    const close = open ? await openDashboard(browser, admin, "listeners/bulk") : () => Promise.resolve();
    await pause(1_000);
    const before = secondsOf(proxy);
    await pause(bulkSeconds * 1000);
    used.push((secondsOf(proxy) - before) / bulkSeconds);
    await close();
    // oxlint-enable no-await-in-loop
  }
  return (used[1] ?? 0) - (used[0] ?? 0);
}

const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-watched-")));
cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
const sink = createServer((socket) => void socket.on("error", () => undefined).resume()).listen(0, "127.0.0.1");
cleanup.add(() => void sink.close());
const admin = await freePort();
writeFileSync(join(folder, "proxy.config.ts"), configText(admin, (sink.address() as AddressInfo).port));
const proxy = new ProxyProcess(folder);
try {
  const ports = await proxy.ready();
  const chromium = findTool("chromium");
  if (chromium === undefined) throw new Error("chromium is not installed");
  const browser = await startBrowser(cleanup, chromium);
  const closeSessions = await openDashboard(browser, admin, "sessions");
  await manySessions(proxy, ports, admin);
  await closeSessions();
  print(`CPU of the page while nothing passes: ${((await pageAlone(proxy, browser, admin)) * 100).toFixed(2)} % of a core`);
  const costs: [number, number][] = [];
  for (let round = 0; round < rounds; round += 1) {
    // oxlint-disable no-await-in-loop -- in turn
    const without = await bulkByte(proxy, ports["bulk"] ?? 0);
    const close = await openDashboard(browser, admin, "listeners/bulk");
    costs.push([without, await bulkByte(proxy, ports["bulk"] ?? 0)]);
    await close();
    print(
      `  ${costs
        .at(-1)
        ?.map((each) => each.toFixed(3))
        .join(" ns, with the page ")} ns`,
    );
    // oxlint-enable no-await-in-loop
  }
  const [without, withPage] = [median(costs.map(([each]) => each)), median(costs.map(([, each]) => each))];
  print(
    `CPU of a bulk byte: ${without.toFixed(3)} ns, with the page ${withPage.toFixed(3)} ns: ${((withPage / without - 1) * 100).toFixed(1)} %`,
  );
} finally {
  await proxy.stop();
  await cleanup.run();
}
