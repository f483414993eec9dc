import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bounded } from "../support/bounded.ts";
import { candidates } from "./candidates.ts";
import type { LoadOrder, LoadResult } from "./load/load-options.ts";
import { cpus, pinned, startUnderTest, type UnderTest, type Workshop } from "./under-test.ts";
import type { Work } from "./works.ts";

export interface Timing {
  readonly warm: number;
  readonly seconds: number;
}

const program = fileURLToPath(new URL("load/main.js", import.meta.url));
export const messageBytes = 64;
const graceMs = 60_000;

/** One round: fresh processes, warmed up, measured in turn, stopped. Gives the candidates' results in their order. */
export async function measure(names: readonly string[], work: Work, timing: Timing, workshop: Workshop): Promise<LoadResult[]> {
  const proxies: UnderTest[] = [];
  try {
    for (const name of names) {
      const candidate = candidates[name];
      if (candidate === undefined) throw new Error(`no candidate "${name}"`);
      proxies.push(await startUnderTest(name, candidate, workshop));
    }
    return await runLoad({
      warm: timing.warm * (work.warmer ?? 1),
      seconds: timing.seconds,
      kind: work.kind,
      connections: work.connections,
      beside: 0,
      tls: work.tls ?? false,
      resumed: work.resumed ?? false,
      body: work.body ?? 0,
      rate: work.rate ?? 0,
      size: messageBytes,
      proxyCpu: cpus.proxy,
      targets: proxies.map(({ listen, upstream, pid }) => ({ proxy: listen, upstream, pid })),
    });
  } finally {
    await Promise.all(proxies.map((proxy) => proxy.stop()));
  }
}

/** @returns what the load program found, for each target */
export async function runLoad(order: LoadOrder): Promise<LoadResult[]> {
  const [command, parameters] = pinned("load", [process.execPath, program, JSON.stringify(order)]);
  const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  try {
    await bounded(ended, "the load program", (order.warm + order.seconds) * order.targets.length * 2000 + graceMs);
  } finally {
    child.kill("SIGKILL");
  }
  if (output === "") throw new Error(`the load program failed (exit code ${child.exitCode})`);
  return JSON.parse(output) as LoadResult[];
}
