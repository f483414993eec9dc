import { expect } from "chai";
import { asyncScheduler } from "rxjs";
import { CLOCK, createProxy, definePlugin, type Proxy, type SluiceConfig } from "sluice";
import { dnsCache, echo, rateLimit } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { address, dnsClient, withNameServer } from "../support/name-server.ts";
import { createProbe } from "../support/probe-plugin.ts";
import { connect } from "../support/sockets.ts";
import { withEchoServer } from "../support/with-echo-server.ts";

const logger = createLogger({ level: "silent" });
const silent = (error: unknown): string => (error instanceof Error ? error.message : String(error));

describe("A plugin that replaces another one of the same name", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(config: SluiceConfig): Promise<{ proxy: Proxy; port: number }> {
    const proxy = cleanup.keep(await createProxy(config, { logger }));
    return { proxy, port: Object.values(proxy.listeners)[0]?.address.port ?? 0 };
  }

  it("receives the previous instance, after its setup and before the swap", async () => {
    const probe = createProbe();
    const config = (version: number): SluiceConfig => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [probe.use({ version }), echo()] } },
    });
    const { proxy } = await start(config(1));
    await proxy.apply(config(2));
    await proxy.apply(config(3));
    expect(probe.steps).to.deep.equal([
      "construct 1",
      "setup 1",
      "construct 2",
      "setup 2",
      "inherit 2 from 1",
      "teardown 1",
      "construct 3",
      "setup 3",
      "inherit 3 from 2",
      "teardown 2",
    ]);
  });

  it("inherits nothing when its listener or its name is new", async () => {
    const probe = createProbe();
    const config = (listener: string, name: string): SluiceConfig => ({
      listeners: { [listener]: { listen: "tcp://127.0.0.1:0", plugins: [probe.use({ name }), echo()] } },
    });
    const { proxy } = await start(config("one", "a"));
    await proxy.apply(config("one", "b"));
    await proxy.apply(config("two", "b"));
    expect(probe.count("inherit")).to.equal(0);
  });

  it("can continue a count that sessions share", async () => {
    interface Counting {
      readonly seen: { count: number };
    }
    const counter = definePlugin("counter", (_options: { readonly version: number }) => {
      const state = { seen: { count: 0 } };
      return Object.assign(state, {
        inherit: (previous: unknown) => void (state.seen = (previous as Counting).seen),
        admit: (arrival: Parameters<NonNullable<import("sluice").Hooks["admit"]>>[0]) => {
          state.seen.count += 1;
          counts.push(state.seen.count);
          return arrival;
        },
      });
    });
    const counts: number[] = [];
    const config = (version: number): SluiceConfig => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [counter({ version }), echo()] } },
    });
    const { proxy, port } = await start(config(1));
    await exchangeOnce(port, "x");
    await exchangeOnce(port, "x");
    await proxy.apply(config(2));
    await exchangeOnce(port, "x");
    expect(counts).to.deep.equal([1, 2, 3]);
  });

  it("refuses the reload when its inherit() throws, and the previous instance continues to serve", async () => {
    const plain = createProbe();
    const { proxy, port } = await start({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [plain.use(), echo()] } } });
    const thrower = definePlugin("probe", () => ({
      inherit: () => {
        throw new Error("not mine");
      },
    }));
    const refusal = await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [thrower(), echo()] } } }).catch(silent);
    expect(refusal).to.include("not mine").and.include("SLUICE_PLUGIN_SETUP");
    expect(await exchangeOnce(port, "on")).to.equal("on");
    expect(plain.count("teardown")).to.equal(0);
  });

  it("keeps a rate limit's buckets, so that a reload gives no client a new burst", async () => {
    const config = (burst: number): SluiceConfig => ({
      // A clock that stands still: no token comes in by itself.
      providers: [{ token: CLOCK, useValue: Object.assign(Object.create(asyncScheduler) as object, { now: () => 1_000 }) }],
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [rateLimit({ connections: { rate: 1, burst } }), echo()] } },
    });
    const { proxy, port } = await start(config(3));
    for (let at = 0; at < 3; at += 1) {
      expect(await exchangeOnce(port, "in")).to.equal("in");
    }
    expect(await exchangeOnce(port, "in").catch(silent)).to.not.equal("in");
    await proxy.apply(config(4));
    expect(await exchangeOnce(port, "in").catch(silent), "with one more place").to.not.equal("in");
    await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
    expect(await exchangeOnce(port, "in")).to.equal("in");
  });

  it("keeps the names in a DNS cache, so that a reload repeats no query", async () => {
    await withEchoServer(async ({ port: upstream }) => {
      await withNameServer(
        () => ({ answers: [address("api.test", "127.0.0.1", 300)] }),
        async (server) => {
          const config = (max: number): SluiceConfig => ({
            dns: { servers: [server.endpoint] },
            listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `api.test:${upstream}`, plugins: [dnsCache({ max })] } },
          });
          const { proxy, port } = await start(config(10));
          expect(await exchangeOnce(port, "1")).to.equal("1");
          await proxy.apply({ ...config(20), dns: { servers: [server.endpoint], hosts: { "other.test": ["127.0.0.1"] } } });
          expect(await exchangeOnce(port, "2")).to.equal("2");
          expect(server.questions).to.deep.equal(["A api.test"]);
        },
      );
    });
  });

  it("keeps the answers that a DNS listener has cached", async () => {
    await withNameServer(
      () => ({ answers: [address("www.test", "192.0.2.7", 300)] }),
      async (server) => {
        const config = (max: number): SluiceConfig => ({
          listeners: { dns: { listen: "udp://127.0.0.1:0", upstream: server.endpoint, plugins: [dnsCache({ max })] } },
        });
        const { proxy, port } = await start(config(10));
        const client = await dnsClient(port);
        expect((await client.ask(1, "www.test")).answers).to.have.length(1);
        await proxy.apply(config(20));
        expect((await client.ask(2, "www.test")).answers).to.have.length(1);
        expect(server.questions).to.deep.equal(["A www.test"]);
        client.close();
      },
    );
  });
});

describe("A pipeline that a reload does not change", () => {
  it("is not touched: no constructor, no setup, no hook called again", async () => {
    let hooked = 0;
    const untouched = createProbe({
      hooks: () => ({
        fromClient: (data) => {
          hooked += 1;
          return data;
        },
      }),
    });
    const other = createProbe();
    const config = (version: number): SluiceConfig => ({
      listeners: {
        same: { listen: "tcp://127.0.0.1:0", plugins: [untouched.use(), echo()] },
        changing: { listen: "tcp://127.0.0.1:0", plugins: [other.use({ version }), echo()] },
      },
    });
    const proxy = await createProxy(config(1), { logger });
    const open = await connect(proxy.listeners["same"]?.address.port ?? 0);
    await exchange(open, "1");
    for (const version of [2, 3, 4]) {
      await proxy.apply(config(version));
      expect(await exchange(open, "on")).to.equal("on");
    }
    expect(untouched.steps).to.deep.equal(["construct 1", "setup 1"]);
    expect(hooked).to.equal(1);
    expect([...proxy.sessions].map(({ generation }) => generation)).to.deep.equal([1]);
    expect(other.count("construct")).to.equal(4);
    open.destroy();
    await proxy.close();
    expect(untouched.steps).to.deep.equal(["construct 1", "setup 1", "teardown 1"]);
  });
});
