// npm run soak -- [--minutes 10] [--warm-up 2] [--reload-every 4]
//
// Mixed load with random faults through the command line proxy, whose config and plugin are edited all the while. Prints integrity
// errors, the slope of its memory and its file descriptors. Ends with 1 when a byte was lost, doubled or changed, a session broken that
// nobody broke, a reload refused, or the process died.
import { mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { runDatagrams } from "./datagram-load.ts";
import { inMebibytes, memorySlope, range, type Sample } from "./figures.ts";
import { ProxyProcess } from "./proxy-process.ts";
import { configText, pluginText } from "./soak-config.ts";
import { runLongLived, runSessions, type StreamWork } from "./stream-load.ts";
import { createTally } from "./tally.ts";
import { startUpstreams } from "./upstreams.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    "warm-up": { type: "string", default: "2" },
    "reload-every": { type: "string", default: "4" },
  },
});
const minutes = Number(values.minutes);
const warmUp = Math.min(Number(values["warm-up"]), minutes / 2);
const reloadEveryMs = Number(values["reload-every"]) * 1000;
const sampleEveryMs = 5_000;
const printEvery = 6;
const workersPerListener = 6;
const longLivedPerListener = 4;
const datagramClients = 6;
const slopeAllowed = 1;
const mebibyte = 1024 * 1024;

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-soak-")));
const tally = createTally();
const upstreams = await startUpstreams();
writeFileSync(join(folder, "own.ts"), pluginText(0));
writeFileSync(join(folder, "proxy.config.ts"), configText(upstreams));
const proxy = new ProxyProcess(folder);
const started = performance.now();
const samples: Sample[] = [];
const stop = new AbortController();

async function sample(): Promise<Sample> {
  const memory = await proxy.memory();
  const taken = { seconds: Math.round((performance.now() - started) / 1000), ...memory, descriptors: proxy.descriptors() };
  samples.push(taken);
  return taken;
}

/** Saves as most editors do. */
function save(name: string, text: string): void {
  writeFileSync(join(folder, `.${name}.new`), text);
  renameSync(join(folder, `.${name}.new`), join(folder, name));
}

async function reload(): Promise<void> {
  for (let edition = 1; !stop.signal.aborted; edition += 1) {
    await pause(reloadEveryMs * (0.5 + Math.random()));
    if (edition % 3 === 0) save("own.ts", pluginText(edition));
    else save("proxy.config.ts", `${configText(upstreams)}// ${edition}\n`);
    await proxy.reloaded();
  }
}

async function watch(): Promise<void> {
  for (let turn = 1; !stop.signal.aborted; turn += 1) {
    await pause(sampleEveryMs);
    if (proxy.ended !== undefined) throw new Error(`the proxy ended: ${proxy.ended}; standard error: ${proxy.stderr}`);
    const { seconds, resident, kept, descriptors } = await sample();
    if (turn % printEvery !== 0) continue;
    print(
      `${seconds} s: ${inMebibytes(resident)} MiB resident, ${inMebibytes(kept)} MiB kept, ${descriptors} descriptors, ${proxy.reloads} reloads, ${tally.errorCount} errors`,
    );
  }
}

async function run(): Promise<void> {
  const ports = await proxy.ready();
  const ca = readFileSync(join(folder, ".sluice", "ca.pem"), "utf8");
  const targets = [
    { name: "tcp", port: ports["tcp"] ?? 0 },
    { name: "tls", port: ports["tls"] ?? 0, ca },
  ];
  const idle = proxy.descriptors();
  const timer = setTimeout(() => stop.abort(), minutes * 60_000);
  const load = targets.flatMap((target) => {
    const work: StreamWork = { target, upstreams, tally };
    const many = Array.from({ length: workersPerListener }, () => runSessions(work, stop.signal));
    const few = Array.from({ length: longLivedPerListener }, () => runLongLived(work, stop.signal));
    return [...many, ...few];
  });
  const datagrams = Array.from({ length: datagramClients }, (_, client) => runDatagrams(client + 1, ports["udp"] ?? 0, tally, stop.signal));
  try {
    await Promise.all([watch(), reload(), ...load, ...datagrams]);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
  print(`descriptors: ${idle} before the load, ${proxy.descriptors()} after it (UDP flows live on until they are idle)`);
}

function report(): void {
  const warm = samples.filter(({ seconds }) => seconds >= warmUp * 60);
  const slope = memorySlope(warm, "kept");
  print(`\n${minutes} minutes on Node ${process.version}, ${proxy.reloads} reloads, ${proxy.refusals.length} refused`);
  for (const [kind, count] of [...tally.done].toSorted(([a], [b]) => a.localeCompare(b))) print(`${kind}: ${count}`);
  for (const memory of ["resident", "kept"] as const) {
    const slopeOf = memorySlope(warm, memory).toFixed(2);
    print(
      `memory ${memory}: ${range(warm.map((one) => Math.round(one[memory] / mebibyte)))} MiB after ${warmUp} min of warm-up, slope ${slopeOf} MiB/min`,
    );
  }
  print(
    `descriptors after the warm-up: ${range(warm.map(({ descriptors }) => descriptors))}; series: ${warm.map(({ descriptors }) => descriptors).join(" ")}`,
  );
  print(`integrity errors: ${tally.errorCount}`);
  for (const text of [...tally.errors, ...proxy.refusals]) print(`  ${text}`);
  if (proxy.stderr !== "") print(`standard error ends in:\n${proxy.stderr}`);
  const bad = tally.errorCount > 0 || proxy.refusals.length > 0;
  if (bad || (minutes >= 10 && slope > slopeAllowed)) process.exitCode = 1;
}

try {
  await run();
} catch (error) {
  tally.error(String(error));
} finally {
  const end = await proxy.stop();
  print(`the proxy ended with ${end}`);
  report();
  await upstreams.close();
  rmSync(folder, { recursive: true, force: true });
}
