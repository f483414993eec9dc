// The load program: client and back end in one process, on a CPU of its own. node main.js OPTIONS-AS-JSON
//
// It never sleeps while it measures: a proxy that writes to a sleeping process pays for waking it up, which says nothing about the proxy.
import { setTimeout as sleep } from "node:timers/promises";
import { busyOn, cpuOf, residentOf } from "../process-figures.ts";
import { startBulk } from "./bulk.ts";
import { startConnections } from "./connections.ts";
import { startDatagramRate, startDatagrams } from "./datagrams.ts";
import { startIdle } from "./idle.ts";
import { startMessages } from "./messages.ts";
import type { Load, LoadKind, LoadOptions, LoadResult } from "./load-options.ts";

const kinds: Readonly<Record<LoadKind, (options: LoadOptions) => Promise<Load>>> = {
  messages: startMessages,
  bulk: startBulk,
  connections: startConnections,
  datagrams: startDatagrams,
  "datagram-rate": startDatagramRate,
  idle: startIdle,
};

/** For what is still on its way when the window ends. */
const settleMs = 400;

function spin(): void {
  setImmediate(spin);
}

async function run(options: LoadOptions): Promise<LoadResult> {
  const residentBefore = residentOf(options.pid);
  const load = await kinds[options.kind](options);
  if (options.kind !== "idle") spin();
  await load.ready;
  await sleep(options.warm * 1000);
  load.measure?.(true);
  const startedAt = performance.now();
  const unitsBefore = options.kind === "idle" ? 0 : load.units();
  const errorsBefore = load.errors();
  const before = cpuOf(options.pid);
  const busyBefore = busyOn(options.proxyCpu);
  await sleep(options.seconds * 1000);
  const after = cpuOf(options.pid);
  const busy = busyOn(options.proxyCpu) - busyBefore;
  const cpu = { user: after.user - before.user, system: after.system - before.system };
  const units = load.units() - unitsBefore;
  const seconds = (performance.now() - startedAt) / 1000;
  if (load.measure !== undefined) {
    load.measure(false);
    await sleep(settleMs);
  }
  return {
    units,
    seconds,
    cpu,
    others: Math.max(0, busy - cpu.user - cpu.system),
    errors: load.errors() - errorsBefore,
    lost: load.lost(),
    residentBefore,
    resident: residentOf(options.pid),
  };
}

const result = await run(JSON.parse(process.argv[2] ?? "{}") as LoadOptions);
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
