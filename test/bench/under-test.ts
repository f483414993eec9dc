import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createCertificate } from "../support/certificates.ts";
import { isFree } from "../support/sockets.ts";
import { findTool } from "../setup/tools.ts";
import type { Candidate, Place } from "./candidates.ts";
import { isBound, treeOf } from "./process-figures.ts";

/** The CPU of the proxy, that of the load, and those of a proxy with two workers: where there are only two, the load has none to itself. */
export const cpus = { proxy: "0", load: "1", workers: availableParallelism() > 2 ? "0,2" : "0,1" };
const startMs = 60_000;

/** What must not outlive the benchmark, however it ends. */
const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** A folder with the certificate and whatever candidates write, removed at the end. */
export interface Workshop {
  readonly folder: string;
  readonly cert: string;
  readonly key: string;
  readonly pem: string;
}

/** A candidate's process, listening. */
export interface UnderTest {
  readonly pid: number;
  readonly listen: number;
  readonly upstream: number;
  stop(): Promise<void>;
}

export async function openWorkshop(): Promise<Workshop & { close(): void }> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const [cert, key, pem] = ["cert.pem", "key.pem", "both.pem"].map((name) => join(folder, name)) as [string, string, string];
  const made = await createCertificate("localhost");
  writeFileSync(cert, made.cert);
  writeFileSync(key, made.key, { mode: 0o600 });
  writeFileSync(pem, `${made.cert}\n${made.key}`, { mode: 0o600 });
  return { folder, cert, key, pem, close: () => rmSync(folder, { recursive: true, force: true }) };
}

let lastPort = 20_000;

/** Below the ports that connections are given (from 32,768 on): one of those may be taken again before the candidate binds it. */
export async function nextPort(): Promise<number> {
  do lastPort += 1;
  while (!(await isFree(lastPort)));
  return lastPort;
}

/** A command on one CPU, where the system has taskset. */
export function pinned(to: keyof typeof cpus, command: readonly string[]): [string, string[]] {
  const [program = "", ...parameters] = command;
  const taskset = findTool("taskset");
  return taskset === undefined ? [program, parameters] : [taskset, ["-c", cpus[to], program, ...parameters]];
}

/** Starts a candidate on the proxy's CPU and waits until its port is bound; nothing connects to it before the load does. */
export async function startUnderTest(name: string, candidate: Candidate, workshop: Workshop): Promise<UnderTest> {
  const [listen, upstream] = [await nextPort(), await nextPort()];
  const place: Place = { ...workshop, listen, upstream, config: configFileOf(candidate, join(workshop.folder, `${listen}`)) };
  if (candidate.config !== undefined) writeFileSync(place.config, candidate.config(place));
  const log = join(workshop.folder, `${listen}.log`);
  const output = openSync(log, "a");
  const [program, parameters] = pinned(candidate.on ?? "proxy", candidate.command(place));
  const child = spawn(program, parameters, { stdio: ["ignore", output, output], cwd: workshop.folder });
  running.add(child);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name}: ${program} cannot be started`);
  const bound = await waitFor(child, () => isBound(candidate.transport === "udp" ? "udp" : "tcp", listen));
  if (!bound) {
    await stop(child, pid);
    throw new Error(`${name} did not listen:\n${readFileSync(log, "utf8").slice(-2000)}`);
  }
  return { pid, listen, upstream, stop: () => stop(child, pid) };
}

function configFileOf({ configName }: Candidate, place: string): string {
  if (configName === undefined) return `${place}.conf`;
  mkdirSync(place, { recursive: true });
  return join(place, configName);
}

async function waitFor(child: ChildProcess, done: () => boolean): Promise<boolean> {
  const until = performance.now() + startMs;
  while (!done()) {
    if (child.exitCode !== null || performance.now() > until) return false;
    await sleep(20);
  }
  await sleep(100);
  return true;
}

/** Its own process and the children it made, by number, and no other. */
async function stop(child: ChildProcess, pid: number): Promise<void> {
  const tree = treeOf(pid);
  running.delete(child);
  child.kill("SIGTERM");
  for (let waited = 0; waited < 20 && child.exitCode === null && child.signalCode === null; waited += 1) await sleep(20);
  if (child.exitCode !== null || child.signalCode !== null) return;
  for (const member of tree) {
    try {
      process.kill(member, "SIGKILL");
    } catch {
      // Gone already.
    }
  }
}
