// npm run soak:workers -- [--reloads 1000] [--kills 60]
//
// Two workers under a load of TCP, HTTP and UDP: saves one after the other, then a worker killed each second, in turn. Ends with 1 when
// an exchange failed that was not one of a killed worker's, a flow of a living worker moved, or the workers disagree on the generation.
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createCleanup } from "../support/cleanup.ts";
import { LoadedWorkers } from "../support/loaded-workers.ts";

const { values } = parseArgs({ options: { reloads: { type: "string", default: "1000" }, kills: { type: "string", default: "60" } } });
const killEveryMs = 1_000;
const cleanup = createCleanup();
const print = (text: string): void => void process.stdout.write(`${text}\n`);

async function run(): Promise<boolean> {
  const proxy = await LoadedWorkers.start(cleanup);
  const { load } = proxy;
  const { flows } = load;
  for (let reload = 0; reload < Number(values.reloads); reload += 1) await proxy.save();
  const afterReloads = { exchanges: load.exchanges, failed: load.failures.length, lost: load.lost, moved: flows.moved };
  print(`after ${proxy.reloads} reloads: ${JSON.stringify(afterReloads)}`);
  for (let kill = 0; kill < Number(values.kills); kill += 1) {
    const next = pause(killEveryMs);
    const { workers = [] } = await proxy.status();
    await proxy.kill(Math.min(...workers.map(({ pid }) => pid)));
    await next;
  }
  await load.stop();
  const { generation, workers = [] } = await proxy.status();
  const generations = workers.map((worker) => worker.generation);
  const { exchanges, failures, lost } = load;
  print(`${exchanges} exchanges, ${failures.length} failed, ${proxy.reloads} reloads, ${proxy.kills} kills, ${lost} sessions lost`);
  print(`${flows.datagrams} datagrams, ${flows.unanswered} unanswered, ${flows.moved} times another port at a worker that lived`);
  print(`generation ${generation}, of the workers ${generations.join(", ")}`);
  for (const failure of failures.slice(0, 20)) print(failure);
  const isSame = generations.length === 2 && generations.every((each) => each === generation);
  return failures.length === 0 && afterReloads.lost === 0 && flows.moved === 0 && isSame;
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} finally {
  await cleanup.run();
}
