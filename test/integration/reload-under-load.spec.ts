import { expect } from "chai";
import type { Socket } from "node:net";
import { createProxy, definePlugin, type SluiceConfig } from "sluice";
import { each } from "sluice/flow";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { connect } from "../support/sockets.ts";
import { withEchoServer } from "../support/with-echo-server.ts";

const logger = createLogger({ level: "silent" });
const reloads = 100;
const longLived = 20;

const pass = definePlugin("pass", (_options: { readonly version: number }) => ({
  fromClient: (data) => data.pipe(each((chunk) => chunk)),
  fromUpstream: (data) => data.pipe(each((chunk) => chunk)),
}));

/** A connection that sends numbered lines until told to stop, and notes the first that does not come back in its place. */
class Talker {
  lines = 0;
  fault: string | undefined;
  #expected = 0;
  #rest = "";
  #stopping = false;

  private constructor(private readonly socket: Socket) {
    socket.on("data", (chunk: Buffer) => this.#hear(chunk.toString()));
    socket.on("close", () => {
      if (!this.#stopping) this.fault ??= "closed";
    });
    this.#speak();
  }

  static async open(port: number): Promise<Talker> {
    return new Talker(await connect(port));
  }

  /** Ends the connection once everything sent has come back. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.socket.end();
    await new Promise((resolve) => this.socket.once("close", resolve));
    if (this.#expected !== this.lines) this.fault ??= `${this.lines} lines sent, ${this.#expected} came back`;
  }

  #speak(): void {
    if (this.#stopping) return;
    for (let line = 0; line < 3; line += 1) {
      this.socket.write(`${this.lines}\n`);
      this.lines += 1;
    }
  }

  #hear(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line !== String(this.#expected)) this.fault ??= `expected line ${this.#expected}, got ${line}`;
      this.#expected += 1;
    }
    if (this.#expected === this.lines) setImmediate(() => this.#speak());
  }
}

/** Short exchanges, one connection each, several at a time, until told to stop. */
async function hammer(port: number, going: () => boolean): Promise<{ done: number; failed: string[] }> {
  const result = { done: 0, failed: [] as string[] };
  const worker = async (): Promise<void> => {
    while (going()) {
      const text = `exchange ${result.done}`;
      const answer = await exchangeOnce(port, text).catch(String);
      if (answer === text) result.done += 1;
      else result.failed.push(answer);
      result.done += 0;
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
  return result;
}

describe("A hundred reloads under load", function () {
  this.timeout(120_000);

  for (const [what, plugins] of [
    ["with plugins that change every time", true],
    ["with an upstream that is written again every time", false],
  ] as const) {
    it(`cause no short exchange to fail, and keep ${longLived} long-lived connections open and in order, ${what}`, async () => {
      await withEchoServer(async ({ port: upstream }) => {
        const config = (version: number): SluiceConfig => ({
          listeners: {
            web: {
              listen: "tcp://127.0.0.1:0",
              upstream: { endpoints: [plugins || version % 2 === 0 ? `127.0.0.1:${upstream}` : `localhost:${upstream}`] },
              plugins: [pass({ version: plugins ? version : 0 })],
            },
          },
        });
        const proxy = await createProxy(config(0), { logger });
        const port = proxy.listeners["web"]?.address.port ?? 0;
        const talkers = await Promise.all(Array.from({ length: longLived }, () => Talker.open(port)));
        let going = true;
        const hammering = hammer(port, () => going);
        for (let version = 1; version <= reloads; version += 1) {
          await proxy.apply(config(version));
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
        going = false;
        const { done, failed } = await hammering;
        await Promise.all(talkers.map((talker) => talker.stop()));
        expect(proxy.generation).to.equal(reloads + 1);
        expect(failed).to.deep.equal([]);
        expect(done).to.be.greaterThan(reloads);
        expect(talkers.map(({ fault }) => fault)).to.deep.equal(Array(longLived).fill(undefined));
        expect(Math.min(...talkers.map(({ lines }) => lines))).to.be.greaterThan(reloads);
        await proxy.close();
      });
    });
  }
});
