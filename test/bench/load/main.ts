// The load program: client and back end in one process, on a CPU of its own. node main.js ORDER-AS-JSON
//
// All targets are up at once and get the load in turn, in short slices: what disturbs the machine for a second disturbs all of them.
// It never sleeps while it measures: a proxy that writes to a sleeping process pays for waking it up, which says nothing about the proxy.
import { setTimeout as sleep } from "node:timers/promises";
import { busyOn, cpuOf, residentOf } from "../process-figures.ts";
import { startBulk } from "./bulk.ts";
import { startConnections } from "./connections.ts";
import { startDatagramRate, startDatagrams } from "./datagrams.ts";
import { Gate } from "./gate.ts";
import { startIdle } from "./idle.ts";
import { startDatagramsInTurn, startFlows, startMessagesInTurn } from "./in-turn.ts";
import type { Latency, Load, LoadKind, LoadOrder, LoadResult, StartLoad, Target } from "./load-options.ts";
import { startMessages } from "./messages.ts";
import { startPacedMessages } from "./paced-messages.ts";
import { startRequests, startRequestsTo2 } from "./requests.ts";
import { startRequests2 } from "./requests-2.ts";

const kinds: Readonly<Record<LoadKind, StartLoad>> = {
  messages: startMessages,
  "messages-in-turn": startMessagesInTurn,
  "paced-messages": startPacedMessages,
  requests: startRequests,
  "requests-2": startRequests2,
  "requests-to-2": startRequestsTo2,
  bulk: startBulk,
  connections: startConnections,
  datagrams: startDatagrams,
  "datagrams-in-turn": startDatagramsInTurn,
  "datagram-rate": startDatagramRate,
  flows: startFlows,
  idle: startIdle,
};

const slices = 5;
/** For what is still on its way when a slice ends: its cost belongs to it. */
const settleMs = 20;
/** The same for datagrams, before any counts as lost. */
const lastRepliesMs = 400;

/** A target and its load. */
interface Lane {
  readonly target: Target;
  readonly gate: Gate;
  readonly load: Load;
  readonly residentBefore: number;
}

type Figures = Omit<LoadResult, "residentBefore" | "resident" | "latency">;

const nothing: Figures = { units: 0, seconds: 0, cpu: { user: 0, system: 0 }, others: 0, errors: 0, lost: 0 };

function spin(): void {
  setImmediate(spin);
}

async function openLane(order: LoadOrder, target: Target): Promise<Lane> {
  const residentBefore = residentOf(target.pid);
  const gate = new Gate();
  const load = await kinds[order.kind](order, target, gate);
  await load.ready;
  return { target, gate, load, residentBefore };
}

/** One slice: the lane's gate is open for so long. */
async function slice({ gate, load, target }: Lane, seconds: number, proxyCpu: string): Promise<Figures> {
  const startedAt = performance.now();
  const [units, errors, busy, cpu] = [load.units(), load.errors(), busyOn(proxyCpu), cpuOf(target.pid)];
  gate.open();
  await sleep(seconds * 1000);
  gate.close();
  await sleep(settleMs);
  const after = cpuOf(target.pid);
  const spent = { user: after.user - cpu.user, system: after.system - cpu.system };
  return {
    units: load.units() - units,
    seconds: (performance.now() - startedAt) / 1000,
    cpu: spent,
    others: busyOn(proxyCpu) - busy - spent.user - spent.system,
    errors: load.errors() - errors,
    lost: 0,
  };
}

function sum(a: Figures, b: Figures): Figures {
  return {
    units: a.units + b.units,
    seconds: a.seconds + b.seconds,
    cpu: { user: a.cpu.user + b.cpu.user, system: a.cpu.system + b.cpu.system },
    others: a.others + b.others,
    errors: a.errors + b.errors,
    lost: 0,
  };
}

function latencyOf({ milliseconds }: Load): Latency | undefined {
  if (milliseconds === undefined) return undefined;
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? NaN;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999) };
}

async function run(order: LoadOrder): Promise<LoadResult[]> {
  const lanes: Lane[] = [];
  for (const target of order.targets) lanes.push(await openLane(order, target));
  const idle = order.kind === "idle";
  if (!idle) spin();
  for (const lane of lanes) await slice(lane, order.warm, order.proxyCpu);
  for (const { load } of lanes) load.milliseconds?.splice(0);
  const figures = lanes.map(() => nothing);
  const share = order.seconds / slices;
  for (let turn = 0; turn < slices; turn += 1) {
    for (const [index, lane] of lanes.entries()) {
      figures[index] = sum(figures[index] ?? nothing, await slice(lane, share, order.proxyCpu));
    }
  }
  if (order.kind === "datagram-rate") await sleep(lastRepliesMs);
  return lanes.map(({ load, target, residentBefore }, index) => {
    const found = figures[index] ?? nothing;
    const units = idle ? load.units() : found.units;
    return { ...found, units, lost: load.lost(), latency: latencyOf(load), residentBefore, resident: residentOf(target.pid) };
  });
}

const results = await run(JSON.parse(process.argv[2] ?? "{}") as LoadOrder);
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
