import { spawn, type ChildProcess } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { expect } from "chai";
import type { Cleanup } from "./cleanup.ts";
import { eventually } from "./eventually.ts";
import { temporaryFolder } from "./real-peer.ts";

/** A real Redis or Valkey, that a test may stop, freeze and start again on its port. */
export class RedisServer {
  #child: ChildProcess | undefined;
  readonly #folder: string;

  constructor(
    cleanup: Cleanup,
    private readonly file: string,
    readonly port: number,
    private readonly more: readonly string[] = [],
  ) {
    this.#folder = temporaryFolder(cleanup);
    cleanup.add(() => this.kill());
  }

  get url(): string {
    const password = this.more[this.more.indexOf("--requirepass") + 1];
    const secret = this.more.includes("--requirepass") ? `:${password}@` : "";
    return `redis://${secret}127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    this.#run([
      "--port",
      String(this.port),
      "--bind",
      "127.0.0.1",
      "--save",
      "",
      "--appendonly",
      "no",
      "--dir",
      this.#folder,
      ...this.more,
    ]);
    await this.#isUp();
    return this;
  }

  /** As a sentinel of a master, alone: it lets a replica take over half a second after the master is gone. */
  async startSentinel(name: string, master: number, more: readonly string[] = []): Promise<void> {
    const config = join(this.#folder, "sentinel.conf");
    const lines = [`monitor ${name} 127.0.0.1 ${master} 1`, `down-after-milliseconds ${name} 500`, ...more].map(
      (line) => `sentinel ${line}`,
    );
    writeFileSync(config, [`port ${this.port}`, "bind 127.0.0.1", `dir ${this.#folder}`, ...lines, ""].join("\n"));
    this.#run([config, "--sentinel"]);
    await this.#isUp();
  }

  /** What the server answers to a command. */
  async ask(...command: readonly string[]): Promise<unknown> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false }, disableClientInfo: true });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await client.sendCommand([...command]);
    } finally {
      if (client.isOpen) client.destroy();
    }
  }

  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  #run(parameters: readonly string[]): void {
    this.#child = spawn(this.file, parameters, { stdio: "ignore" });
    this.#child.on("error", () => undefined);
  }

  async #isUp(): Promise<void> {
    await eventually(async () => expect(await this.ask("PING")).to.equal("PONG"), { within: 15_000 });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  }
}
