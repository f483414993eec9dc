import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { bounded } from "../support/bounded.ts";

// Compiled, this file is dist/test/soak/proxy-process.js.
const main = fileURLToPath(new URL("../../core/cli/main.js", import.meta.url));
const gcReport = fileURLToPath(new URL("../../../test/soak/gc-report.cjs", import.meta.url));
const patienceMs = 60_000;

/** Bytes of memory after a full collection. */
export interface Memory {
  readonly resident: number;
  /** Heap and buffers. */
  readonly kept: number;
}

/** The command line proxy in a process of its own, so that memory and descriptors are its alone. */
export class ProxyProcess {
  readonly #child: ChildProcess;
  readonly #exit: Promise<string>;
  readonly #lines: string[] = [];
  #wake = (): void => undefined;
  #ended: string | undefined;
  /** The end of what it wrote to standard error, without what the load provokes. */
  stderr = "";
  reloads = 0;
  /** Messages of refused reloads. */
  readonly refusals: string[] = [];

  constructor(folder: string) {
    const env = { ...process.env, SLUICE_LOG_LEVEL: "warn", NO_COLOR: "1" };
    this.#child = spawn(process.execPath, ["--require", gcReport, main, "start"], {
      cwd: folder,
      env,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#exit = new Promise((resolve) =>
      this.#child.once("close", (code, signal) => resolve(`exit code ${code ?? "none"}, signal ${signal ?? "none"}`)),
    );
    void this.#exit.then((end) => {
      this.#ended = end;
      this.#wake();
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#lines.push(...text.split("\n").filter((line) => line !== ""));
      this.#wake();
    });
    let rest = "";
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      // The load makes its upstreams reset connections, and has a plugin of raw operators.
      const unexpected = lines.filter((line) => !/SLUICE_UPSTREAM_RESET|asynchronous RxJS operators/.test(line));
      this.stderr = [this.stderr, ...unexpected.map((line) => `${line}\n`)].join("").slice(-8_000);
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** How it ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Waits for `ready` and gives the ports by listener. */
  async ready(): Promise<Record<string, number>> {
    const ports: Record<string, number> = {};
    for (let line = await this.#line(); line !== "ready"; line = await this.#line()) {
      const [, name, port] = /^(\S+) \w+:\/\/.*:(\d+)$/.exec(line) ?? [];
      if (name !== undefined) ports[name] = Number(port);
    }
    return ports;
  }

  /** Waits for the line that a save ends in. */
  async reloaded(): Promise<void> {
    const line = await this.#line();
    if (line.startsWith("reloaded")) this.reloads += 1;
    else this.refusals.push(line);
  }

  /** Has it collect its garbage, and tell what is left. */
  async memory(): Promise<Memory> {
    const told = new Promise<Memory>((resolve) => this.#child.once("message", (message) => resolve(message as Memory)));
    this.#child.send("collect");
    return bounded(told, "what memory the proxy has", patienceMs);
  }

  descriptors(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length;
  }

  /** Asks it to drain and stop. Gives how it ended. */
  async stop(): Promise<string> {
    this.#child.kill("SIGTERM");
    try {
      return await bounded(this.#exit, "the end of the proxy", patienceMs);
    } finally {
      this.#child.kill("SIGKILL");
    }
  }

  async #line(): Promise<string> {
    while (this.#lines.length === 0 && this.#ended === undefined) {
      await bounded(
        new Promise<void>((resolve) => (this.#wake = resolve)),
        `a line of the proxy; standard error: ${this.stderr}`,
        patienceMs,
      );
    }
    const line = this.#lines.shift();
    if (line === undefined) throw new Error(`the proxy ended: ${this.#ended ?? ""}; standard error: ${this.stderr}`);
    return line;
  }
}
