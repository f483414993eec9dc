import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bounded } from "../support/bounded.ts";
import { candidates } from "./candidates.ts";
import type { LoadOptions, LoadResult } from "./load/load-options.ts";
import { cpus, pinned, startUnderTest, type Workshop } from "./under-test.ts";
import type { Work } from "./works.ts";

export interface Timing {
  readonly warm: number;
  readonly seconds: number;
}

const program = fileURLToPath(new URL("load/main.js", import.meta.url));
const messageBytes = 64;
const graceMs = 60_000;

/** One round of one candidate: a fresh process, warmed up, measured, stopped. */
export async function measure(name: string, work: Work, timing: Timing, workshop: Workshop): Promise<LoadResult> {
  const candidate = candidates[name];
  if (candidate === undefined) throw new Error(`no candidate "${name}"`);
  const proxy = await startUnderTest(name, candidate, workshop);
  try {
    return await runLoad({
      ...timing,
      kind: work.kind,
      connections: work.connections,
      tls: work.tls ?? false,
      rate: work.rate ?? 0,
      size: messageBytes,
      proxy: proxy.listen,
      upstream: proxy.upstream,
      pid: proxy.pid,
      proxyCpu: cpus.proxy,
    });
  } finally {
    await proxy.stop();
  }
}

async function runLoad(options: LoadOptions): Promise<LoadResult> {
  const [command, parameters] = pinned("load", [process.execPath, program, JSON.stringify(options)]);
  const child = spawn(command, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  try {
    await bounded(ended, "the load program", (options.warm + options.seconds) * 1000 + graceMs);
  } finally {
    child.kill("SIGKILL");
  }
  if (output === "") throw new Error(`the load program failed (exit code ${child.exitCode})`);
  return JSON.parse(output) as LoadResult;
}
