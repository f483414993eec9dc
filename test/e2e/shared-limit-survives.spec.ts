import { expect } from "chai";
import type { Socket } from "node:net";
import { createCleanup } from "../support/cleanup.ts";
import { createCliFolder, startCli, type Cli } from "../support/cli.ts";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { RedisServer } from "../support/redis-server.ts";
import { connect, freePort } from "../support/sockets.ts";

const burst = 120;
/** So slow that nothing comes back while a test runs; a lease is one token then. */
const config = (url: string): string => `
import { defineConfig } from "sluice";
import { echo, rateLimit } from "sluice/plugins";
import { redis } from "sluice/redis";
const limit = rateLimit({
  connections: { rate: 1, per: "1h", burst: ${burst} },
  key: "listener",
  store: redis({ url: "${url}", timeout: "10s", share: 2 }),
});
export default defineConfig({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [limit, echo()] } } });
`;

/** New connections, four at a time, until so many in a row are turned away or the proxy is gone. */
class Load {
  granted = 0;
  refused = 0;
  failures: string[] = [];
  #isStopped = false;

  constructor(private readonly port: number) {}

  async run(until: (load: Load) => boolean): Promise<this> {
    const ask = async (): Promise<void> => {
      while (!this.#isStopped && !until(this)) await this.#ask();
    };
    await Promise.all([ask(), ask(), ask(), ask()]);
    return this;
  }

  stop(): void {
    this.#isStopped = true;
  }

  async #ask(): Promise<void> {
    try {
      const answer = await exchangeOnce(this.port, "x");
      if (answer === "x") this.granted += 1;
      else this.refused += 1;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // Turned away: closed without a byte.
      if (code === undefined && !message.startsWith("waited")) this.refused += 1;
      else this.failures.push(message);
    }
  }
}

describe("two proxies that share a Redis, one of the three killed under load", function () {
  this.timeout(120_000);
  const cleanup = createCleanup();
  let store: RedisServer;
  let proxies: { cli: Cli; port: number; open: Socket }[];

  beforeEach(async function () {
    store = await new RedisServer(cleanup, requireTool(this, "redis-server"), await freePort()).start();
    const folder = createCliFolder(cleanup);
    proxies = [];
    for (const name of ["one", "two"]) {
      folder.write(`${name}.config.ts`, config(store.url));
      const cli = startCli(cleanup, folder, ["start", `${name}.config.ts`]);
      const { web: port = 0 } = await cli.ready();
      const open = cleanup.keep(await connect(port));
      expect(await exchange(open, "hello")).to.equal("hello");
      proxies.push({ cli, port, open });
    }
  });
  afterEach(() => cleanup.run());

  const [first, second] = [(): (typeof proxies)[0] => proxies[0] as never, (): (typeof proxies)[0] => proxies[1] as never];

  it("a proxy: the shared limit holds except for one lease, and the clients of the other proxy notice nothing", async () => {
    const [dying, living] = [new Load(first().port), new Load(second().port)];
    const kill = (load: Load): boolean => {
      if (load.granted >= burst / 4) {
        first().cli.kill("SIGKILL");
        load.stop();
      }
      return false;
    };
    await Promise.all([dying.run(kill), living.run(({ refused }) => refused >= 20)]);
    await first().cli.exit;
    // The two that are open took a token each.
    const granted = 2 + dying.granted + living.granted;
    expect(granted).to.be.at.most(burst + 1);
    // What it was about to give, and its lease, went with it.
    expect(granted).to.be.at.least(burst - 10);
    expect(living.failures).to.deep.equal([]);
    expect(await exchange(second().open, "still here")).to.equal("still here");
  });

  it("Redis: each proxy limits to its own share, refuses no client for that reason, and open sessions notice nothing", async () => {
    const loads = [new Load(first().port), new Load(second().port)];
    const before = await Promise.all(loads.map((load) => load.run(({ granted }) => granted >= 10)));
    expect(before.flatMap(({ failures }) => failures)).to.deep.equal([]);
    const killing = store.kill();
    const after = [new Load(first().port), new Load(second().port)];
    await Promise.all(after.map((load) => load.run(({ refused }) => refused >= 20)));
    await killing;
    for (const { granted, failures } of after) {
      expect(failures).to.deep.equal([]);
      // Its share, and what it was given before the end.
      expect(granted).to.be.within(burst / 2, burst / 2 + 20);
    }
    for (const { open } of proxies) expect(await exchange(open, "still here")).to.equal("still here");
  });
});
