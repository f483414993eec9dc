import { expect } from "chai";
import { createSocket, type Socket } from "node:dgram";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:net";
import { createProxy, type PluginUse, type Proxy, type SluiceConfig } from "sluice";
import { dnsCache, http, logging, retry } from "sluice/plugins";
import { resolveConfig } from "../support/resolve-config.ts";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { address, withNameServer, type NameServer } from "../support/name-server.ts";
import { startUdpClient } from "../support/udp-client.ts";

const logger = createLogger({ level: "silent" });

describe("A name with a time to live of 10 minutes, whose server has moved", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** Servers of one port at 127.0.0.1 and later at 127.0.0.2; the name server follows with `move`. */
  interface Bench {
    readonly proxy: Proxy;
    readonly port: number;
    readonly server: NameServer;
    readonly config: SluiceConfig;
    /** Of the servers. */
    readonly to: number;
    /** The old server is gone, the new one is there, and DNS knows. */
    readonly move: () => Promise<void>;
  }

  function listen(server: Server, host: string, port = 0): Promise<number> {
    server.on("connection", (socket) => socket.on("error", () => undefined));
    server.listen(port, host);
    return eventOf(server, "listening").then(() => (server.address() as { port: number }).port);
  }

  async function close(server: Server): Promise<void> {
    const closed = eventOf(server, "close");
    server.close();
    await closed;
  }

  async function withMovingServer(
    make: (answer: string) => Server,
    plugins: readonly PluginUse[],
    run: (bench: Bench) => Promise<void>,
  ): Promise<void> {
    const [old, moved] = [make("old"), make("new")];
    const port = await listen(old, "127.0.0.1");
    cleanup.add(() => (old.listening ? close(old) : undefined));
    let at = "127.0.0.1";
    await withNameServer(
      () => ({ answers: [address("api.test", at, 600)] }),
      async (server) => {
        const config: SluiceConfig = {
          dns: { servers: [server.endpoint] },
          listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `api.test:${port}`, plugins } },
        };
        const proxy = cleanup.keep(await createProxy(config, { logger }));
        const move = async (): Promise<void> => {
          await close(old);
          await listen(moved, "127.0.0.2", port);
          cleanup.add(() => close(moved));
          at = "127.0.0.2";
        };
        await run({ proxy, port: proxy.listeners["web"]?.address.port ?? 0, server, config, to: port, move });
      },
    );
  }

  const telling = (answer: string): Server => createServer((socket) => void socket.end(answer));
  const tells = (port: number): Promise<string> => exchangeOnce(port, "", 3).catch(() => "failed");

  for (const [what, plugins] of [
    ["without a plugin", []],
    ["with dnsCache", [dnsCache()]],
    ["with dnsCache and retry", [retry({ attempts: 2, delay: "1ms" }), dnsCache()]],
    ["with a plugin of one's own beside it", [logging(), retry()]],
  ] as const) {
    it(`is found by the first connection after the move, with one query, ${what}`, async () => {
      await withMovingServer(telling, plugins, async ({ port, server, move }) => {
        expect(await tells(port)).to.equal("old");
        expect(await tells(port)).to.equal("old");
        expect(server.questions).to.have.length(1);
        await move();
        expect(await tells(port)).to.equal("new");
        expect(await tells(port)).to.equal("new");
        expect(server.questions).to.have.length(2);
      });
    });
  }

  it("costs one query for a hundred connections that fail at the same moment", async () => {
    await withMovingServer(telling, [dnsCache()], async ({ port, server, move }) => {
      expect(await tells(port)).to.equal("old");
      await move();
      const answers = await Promise.all(Array.from({ length: 100 }, () => tells(port)));
      expect(new Set(answers)).to.deep.equal(new Set(["new"]));
      expect(server.questions).to.have.length(2);
    });
  });

  it("is found by retry when DNS changes later than the server", async () => {
    await withMovingServer(telling, [retry({ attempts: 100, delay: "10ms", factor: 1, jitter: "none" }), dnsCache()], async (bench) => {
      expect(await tells(bench.port)).to.equal("old");
      const { says } = bench.server;
      await bench.move();
      let asked = 0;
      bench.server.says = (question) => {
        asked += 1;
        return asked > 6 ? says(question) : { answers: [address("api.test", "127.0.0.1", 600)] };
      };
      expect(await tells(bench.port)).to.equal("new");
    });
  });

  for (const [what, plugins] of [
    ["http", [http()]],
    ["http and dnsCache", [http(), dnsCache()]],
  ] as const) {
    it(`is found by the next request, with ${what}`, async () => {
      const make = (answer: string): Server =>
        createHttpServer((_request, response) => void response.setHeader("connection", "close").end(answer));
      await withMovingServer(make, plugins, async ({ port, move }) => {
        expect((await ask(port)).body).to.equal("old");
        await move();
        expect((await ask(port)).body).to.equal("new");
      });
    });
  }

  for (const [what, plugins] of [
    ["without a plugin", []],
    ["with dnsCache", [dnsCache()]],
  ] as const) {
    it(`is found after a reload of everything, although the old server still answers, ${what}`, async () => {
      await withMovingServer(telling, plugins, async ({ proxy, port, server, config, to }) => {
        expect(await tells(port)).to.equal("old");
        const other = telling("new");
        await listen(other, "127.0.0.2", to);
        cleanup.add(() => close(other));
        server.says = () => ({ answers: [address("api.test", "127.0.0.2", 600)] });
        await proxy.apply(config);
        expect(await tells(port)).to.equal("old");
        await proxy.applyResolved(resolveConfig(config), true);
        expect(await tells(port)).to.equal("new");
        expect(await tells(port)).to.equal("new");
        expect(server.questions).to.have.length(2);
      });
    });
  }

  it("still fails, without a wait, if DNS has no newer answer", async () => {
    await withMovingServer(telling, [], async ({ proxy, port, server, move }) => {
      const reasons: string[] = [];
      proxy.events.subscribe((event) => {
        if (event.type === "session-ended") reasons.push(event.record.reason);
      });
      expect(await tells(port)).to.equal("old");
      server.says = () => ({ answers: [address("api.test", "127.0.0.1", 600)] });
      await move();
      server.says = () => ({ rcode: 2 });
      expect(await tells(port)).to.equal("failed");
      await eventually(() => expect(reasons.at(-1)).to.equal("SLUICE_UPSTREAM_REFUSED"));
    });
  });

  it("is found over UDP after the old server has refused a datagram", async () => {
    const bind = async (host: string, answer: string, port = 0): Promise<Socket> => {
      const socket = createSocket("udp4");
      socket.on("message", (_datagram, from) => void socket.send(answer, from.port, from.address));
      socket.bind(port, host);
      await eventOf(socket, "listening");
      return socket;
    };
    const old = await bind("127.0.0.1", "old");
    const { port } = old.address();
    let at = "127.0.0.1";
    await withNameServer(
      () => ({ answers: [address("api.test", at, 600)] }),
      async (server) => {
        const listeners = { web: { listen: "udp://127.0.0.1:0", upstream: `api.test:${port}`, plugins: [dnsCache()] } };
        const proxy = cleanup.keep(await createProxy({ dns: { servers: [server.endpoint] }, listeners }, { logger }));
        const to = proxy.listeners["web"]?.address.port ?? 0;
        const client = async (): Promise<string> => String(await (await startUdpClient(cleanup, to)).ask("x", 500).catch(() => "nothing"));
        expect(await client()).to.equal("old");
        const closed = eventOf(old, "close");
        old.close();
        await closed;
        const moved = await bind("127.0.0.2", "new", port);
        cleanup.add(() => void moved.close());
        at = "127.0.0.2";
        await eventually(async () => expect(await client()).to.equal("new"));
      },
    );
  });
});
