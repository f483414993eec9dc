import { spawn, type SpawnOptions } from "node:child_process";
import { chownSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import { LOGGER } from "sluice";
import type { PluginUse, SluiceConfig } from "sluice";
import { each } from "sluice/flow";
import { logging, rateLimit, retry } from "sluice/plugins";
import { bounded } from "./bounded.ts";
import type { Cleanup } from "./cleanup.ts";
import { eventually } from "./eventually.ts";
import { both } from "./shapes.ts";
import { startProxy, type TestProxy } from "./with-proxy.ts";

const patienceMs = 90_000;

/** How a tool ended, and what it said. */
export interface ToolRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions extends Pick<SpawnOptions, "uid" | "gid" | "cwd"> {
  /** Given to its standard input, which is closed then, or once it has said as much itself. */
  readonly input?: string;
  /** It answers with what it is given. */
  readonly echoes?: boolean;
}

/** Runs a program to its end. */
export async function runTool(
  file: string,
  parameters: readonly string[],
  { input = "", echoes = false, ...options }: ToolOptions = {},
): Promise<ToolRun> {
  const child = spawn(file, parameters, { ...options, stdio: "pipe" });
  const [stdout, stderr]: [string[], string[]] = [[], []];
  child.stdout.on("data", (text: Buffer) => {
    stdout.push(String(text));
    if (echoes && stdout.join("").length >= input.length) child.stdin.end();
  });
  child.stderr.on("data", (text: Buffer) => stderr.push(String(text)));
  child.stdin.on("error", () => undefined).write(input);
  if (!echoes) child.stdin.end();
  const ended = new Promise<number | null>((resolve, reject) => void child.once("close", resolve).once("error", reject));
  try {
    return { code: await bounded(ended, `the end of ${file}`, patienceMs), stdout: stdout.join(""), stderr: stderr.join("") };
  } finally {
    child.kill("SIGKILL");
  }
}

/** Runs a program that must succeed. @throws with what it said, when it does not */
export async function mustRun(file: string, parameters: readonly string[], options: ToolOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await runTool(file, parameters, options);
  if (code !== 0) throw new Error(`${file} ended with ${code}\n${stdout}\n${stderr}`);
  return stdout + stderr;
}

/** Starts a server, and stops it with the cleanup. Wait for its port by `eventually`. */
export function startServer(cleanup: Cleanup, file: string, parameters: readonly string[], options: ToolOptions = {}): void {
  const child = spawn(file, parameters, { ...options, stdio: "ignore" });
  child.on("error", () => undefined);
  const ended = new Promise<void>((resolve) => void child.once("close", () => resolve()));
  cleanup.add(async () => {
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 3_000);
    await ended;
    clearTimeout(timer);
  });
}

/** Makes a folder that is removed with the cleanup; `owner` may write it. */
export function temporaryFolder(cleanup: Cleanup, owner?: number): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-peer-")));
  if (owner !== undefined) chownSync(folder, owner, -1);
  // Children of a program that was ended, such as Chromium's, write for a moment more, and rmSync's own retries do not look again at what is there.
  cleanup.add(() => eventually(() => rmSync(folder, { recursive: true, force: true }), { within: 10_000 }));
  return folder;
}

/** Every built-in plugin that changes no byte, and six `each` stages. */
export const passThrough = (): PluginUse[] => [
  logging({ chunks: "size" }),
  rateLimit({ connections: { rate: 1_000_000 }, datagrams: { rate: 1_000_000 }, bytes: { rate: 1e12 } }),
  ...Array.from({ length: 6 }, (_, at) => both(`stage-${at}`, (data) => data.pipe(each((chunk) => chunk)))),
  retry(),
];

/** Starts a proxy with these listeners, whose plugins write their logs for nobody. */
export async function startInFront(cleanup: Cleanup, listeners: SluiceConfig["listeners"]): Promise<TestProxy> {
  const nobody = new Writable({
    write(_line, _encoding, done) {
      done();
    },
  });
  const logger = pino({ level: "trace" }, nobody);
  return cleanup.keep(await startProxy({ providers: [{ token: LOGGER, useValue: logger }], listeners }));
}

/** What is wrong with the sessions that have ended: none should be reset, refused or failed. */
export function failures({ all }: TestProxy): string[] {
  const refused = all("session-refused").map(({ error }) => error.message);
  const faults = all("plugin-fault").map(({ error }) => error.message);
  const failed = all("session-ended").flatMap(({ error }) => (error === undefined ? [] : [error.message]));
  return [...refused, ...faults, ...failed];
}
