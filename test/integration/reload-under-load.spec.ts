import { expect } from "chai";
import type { Socket } from "node:net";
import { createProxy, definePlugin, type SluiceConfig } from "sluice";
import { each } from "sluice/flow";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventually } from "../support/eventually.ts";
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
class Hammer {
  done = 0;
  readonly failed: string[] = [];
  readonly #over: Promise<unknown>;
  #stopping = false;

  constructor(private readonly port: number) {
    this.#over = Promise.all(Array.from({ length: 4 }, () => this.#work()));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#over;
  }

  async #work(): Promise<void> {
    while (!this.#stopping) {
      const text = `exchange ${this.done}`;
      const answer = await exchangeOnce(this.port, text).catch(String);
      if (answer === text) this.done += 1;
      else this.failed.push(answer);
    }
  }
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
        const hammer = new Hammer(port);
        try {
          for (let version = 1; version <= reloads; version += 1) {
            await proxy.apply(config(version));
            const done = hammer.done;
            const lines = talkers.map((talker) => talker.lines);
            // All of them meet each generation, however busy the machine is.
            await eventually(() => {
              expect(hammer.failed).to.deep.equal([]);
              expect(hammer.done).to.be.greaterThan(done);
              expect(talkers.every((talker, at) => talker.lines > (lines[at] ?? 0))).to.equal(true);
            });
          }
          expect(proxy.generation).to.equal(reloads + 1);
        } finally {
          await hammer.stop();
          await Promise.all(talkers.map((talker) => talker.stop()));
          await proxy.close();
        }
        expect(hammer.failed).to.deep.equal([]);
        expect(talkers.map(({ fault }) => fault)).to.deep.equal(Array(longLived).fill(undefined));
      });
    });
  }
});
