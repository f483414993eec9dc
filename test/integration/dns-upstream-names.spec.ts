import { expect } from "chai";
import { asyncScheduler } from "rxjs";
import { CLOCK, createProxy, type Proxy, type SluiceConfig } from "sluice";
import { dnsCache, retry } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { address, NXDOMAIN, SERVFAIL, withNameServer, type NameServer, type Reply } from "../support/name-server.ts";
import { connect } from "../support/sockets.ts";
import { withEchoServer } from "../support/with-echo-server.ts";

const logger = createLogger({ level: "silent" });

/** The plugins' clock, which a test can put forward; timers run in real time. */
function movableClock(): { readonly provider: { token: typeof CLOCK; useValue: unknown }; readonly forward: (seconds: number) => void } {
  let ahead = 0;
  const useValue = Object.assign(Object.create(asyncScheduler) as object, { now: () => Date.now() + ahead });
  return {
    provider: { token: CLOCK, useValue },
    forward: (seconds) => {
      ahead += seconds * 1_000;
    },
  };
}

describe("The names of upstreams", function () {
  this.timeout(40_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  interface Bench {
    readonly proxy: Proxy;
    readonly port: number;
    readonly server: NameServer;
    readonly forward: (seconds: number) => void;
  }

  /** A proxy whose upstream is `api.test`, with a name server that gives `reply`, and an echo server behind it. */
  async function withNamedUpstream(
    reply: Reply | undefined,
    plugins: SluiceConfig["plugins"],
    run: (bench: Bench) => Promise<void>,
  ): Promise<void> {
    await withEchoServer(async ({ port: upstream }) => {
      await withNameServer(
        () => reply,
        async (server) => {
          const clock = movableClock();
          const config: SluiceConfig = {
            dns: { servers: [server.endpoint] },
            providers: [clock.provider],
            listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `api.test:${upstream}`, plugins: plugins ?? [] } },
          };
          const proxy = cleanup.keep(await createProxy(config, { logger }));
          await run({ proxy, port: proxy.listeners["web"]?.address.port ?? 0, server, forward: clock.forward });
        },
      );
    });
  }

  const found = (ttl: number): Reply => ({ answers: [address("api.test", "127.0.0.1", ttl)] });

  for (const [what, plugins] of [
    ["with dnsCache", [dnsCache()]],
    ["without a plugin", []],
  ] as const) {
    it(`need one query for 1,000 connections at once to a name that is not cached, ${what}`, async () => {
      await withNamedUpstream(found(300), plugins, async ({ port, server }) => {
        const sockets = await Promise.all(Array.from({ length: 1_000 }, () => connect(port)));
        const answers = await Promise.all(sockets.map((socket, at) => exchange(socket, `${at}`.padStart(4, "0"))));
        expect(answers).to.deep.equal(sockets.map((_socket, at) => `${at}`.padStart(4, "0")));
        expect(server.questions).to.deep.equal(["A api.test"]);
        for (const socket of sockets) socket.destroy();
      });
    });
  }

  it("with a time to live of 0 are looked up every time", async () => {
    await withNamedUpstream(found(0), [dnsCache({ minTtl: "1m" })], async ({ port, server }) => {
      for (let turn = 1; turn <= 3; turn += 1) {
        expect(await exchangeOnce(port, "x")).to.equal("x");
        expect(server.questions).to.have.length(turn);
      }
    });
  });

  it("are looked up again once maxTtl, or the TTL on the plugins' clock, is over", async () => {
    for (const [ttl, options] of [
      [300, { maxTtl: "10s" }],
      [10, {}],
    ] as const) {
      await withNamedUpstream(found(ttl), [dnsCache(options)], async ({ port, server, forward }) => {
        await exchangeOnce(port, "x");
        forward(9);
        await exchangeOnce(port, "x");
        expect(server.questions).to.have.length(1);
        forward(2);
        await exchangeOnce(port, "x");
        expect(server.questions).to.have.length(2);
      });
    }
  });

  it("that do not exist are not looked up again before negativeTtl is over", async () => {
    await withNamedUpstream({ rcode: NXDOMAIN }, [dnsCache({ negativeTtl: "5s" })], async ({ port, server, forward }) => {
      const failed = (): Promise<string> => exchangeOnce(port, "x").catch(() => "failed");
      expect(await failed()).to.equal("failed");
      const asked = server.questions.length;
      expect(await failed()).to.equal("failed");
      expect(server.questions).to.have.length(asked);
      forward(6);
      server.says = () => found(60);
      expect(await exchangeOnce(port, "x")).to.equal("x");
    });
  });

  it("are used after their TTL while the name server fails, but no longer than staleIfError", async () => {
    await withNamedUpstream(found(1), [dnsCache({ minTtl: "1s", staleIfError: "100s" })], async ({ port, server, forward }) => {
      expect(await exchangeOnce(port, "x")).to.equal("x");
      server.says = () => ({ rcode: SERVFAIL });
      forward(50);
      expect(await exchangeOnce(port, "stale")).to.equal("stale");
      forward(100);
      expect(await exchangeOnce(port, "too old").catch(() => "failed")).to.equal("failed");
    });
  });

  it("with a temporary failure of the name server are tried again by retry", async () => {
    await withNamedUpstream(
      { rcode: SERVFAIL },
      [retry({ attempts: 50, delay: "20ms", factor: 1, jitter: "none" })],
      async ({ port, server }) => {
        const socket = await connect(port);
        const answer = exchange(socket, "at last");
        let failures = 0;
        server.says = () => ((failures += 1) < 6 ? { rcode: SERVFAIL } : found(60));
        expect(await answer).to.equal("at last");
        socket.destroy();
      },
    );
  });

  it("that are set in dns.hosts need no query", async () => {
    await withNameServer(
      () => undefined,
      async (server) => {
        await withEchoServer(async ({ port: upstream }) => {
          const config: SluiceConfig = {
            dns: { servers: [server.endpoint], hosts: { "api.test": ["127.0.0.1"] } },
            listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `API.test:${upstream}` } },
          };
          const proxy = cleanup.keep(await createProxy(config, { logger }));
          expect(await exchangeOnce(proxy.listeners["web"]?.address.port ?? 0, "pinned")).to.equal("pinned");
          expect(server.questions).to.deep.equal([]);
        });
      },
    );
  });
});
