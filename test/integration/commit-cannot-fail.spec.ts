import { expect } from "chai";
import { decode, encode } from "dns-packet";
import { setTimeout as delay } from "node:timers/promises";
import { of } from "rxjs";
import { createProxy, definePlugin, type Limits, type PluginUse, type Proxy, type SluiceConfig, SluiceError, type Upstream } from "sluice";
import { dnsCache, echo, http as httpOf, type HttpConfig } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, exchangeOnce, isRefused } from "../support/exchange.ts";
import { address, dnsClient } from "../support/name-server.ts";
import { createProbe } from "../support/probe-plugin.ts";
import { breakOf } from "../support/reset.ts";
import { connect, freePort } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";

const logger = createLogger({ level: "silent" });
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

describe("A step of a reload that may fail does so before the commit:", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(config: SluiceConfig): Promise<Proxy> {
    return cleanup.keep(await createProxy(config, { logger }));
  }
  const portOf = (proxy: Proxy, name: string): number => proxy.listeners[name]?.address.port ?? 0;
  const tcp = (port = 0): SluiceConfig["listeners"][string] => ({ listen: `tcp://127.0.0.1:${port}`, plugins: [echo()] });
  const udp = (port = 0): SluiceConfig["listeners"][string] => ({ listen: `udp://127.0.0.1:${port}`, plugins: [echo()] });

  for (const limit of ["sessions", "sessionsPerClient", "udpSessions"] as const satisfies (keyof Limits)[]) {
    for (const value of [2 ** 20 + 1, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
      it(`limits.${limit}: ${value} is refused, and nothing has changed`, async () => {
        const proxy = await start({ listeners: { web: tcp(), dns: udp() } });
        const port = await freePort();
        const refused = await proxy
          .apply({ limits: { [limit]: value }, listeners: { web: tcp(), dns: udp(), more: tcp(port) } })
          .catch((error: unknown) => error);
        expect(SluiceError.is(refused) && refused.code).to.equal("SLUICE_CONFIG_INVALID");
        expect(messageOf(refused)).to.match(new RegExp(`limits\\.${limit}: .*1048576`));
        expect([proxy.generation, Object.keys(proxy.listeners)]).to.deep.equal([1, ["web", "dns"]]);
        expect(await isRefused(port)).to.equal(true);
        expect(await exchangeOnce(portOf(proxy, "web"), "on")).to.equal("on");
      });
    }
    it(`limits.${limit}: 2^20 is accepted`, async () => {
      const proxy = await start({ listeners: { web: tcp(), dns: udp() } });
      await proxy.apply({ limits: { [limit]: 2 ** 20 }, listeners: { web: tcp(), dns: udp() } });
      expect(proxy.generation).to.equal(2);
    });
  }

  const http = (limits: HttpConfig["limits"]): SluiceConfig["listeners"][string] => ({
    listen: "tcp://127.0.0.1:0",
    plugins: [httpOf({ limits })],
  });
  const endpointOf = (maxSessions: number): SluiceConfig["listeners"][string] => ({
    listen: "tcp://127.0.0.1:0",
    upstream: { endpoints: [{ address: "127.0.0.1:1", maxSessions }] },
  });
  const counts = ["fields", "connections", "connectionsPerClient", "lasting", "idleConnections", "waiting", "streams"] as const;
  const sizes = ["header", "responseHeader", "replay"] as const;
  for (const [what, listener, most] of [
    ["maxSessions of an endpoint", endpointOf(2 ** 20 + 1), "1048576"],
    ...counts.map((name) => [`limits.${name} of http()`, http({ [name]: 2 ** 40 }), "1048576"] as const),
    ...sizes.map((name) => [`limits.${name} of http()`, http({ [name]: "8GiB" }), "1GiB"] as const),
  ] as const) {
    it(`${what} beyond ${most} is refused, and nothing has changed`, async () => {
      const proxy = await start({ listeners: { web: tcp() } });
      const refused = await proxy.apply({ listeners: { web: tcp(), more: listener } }).catch((error: unknown) => error);
      expect(SluiceError.is(refused) && refused.code).to.equal("SLUICE_CONFIG_INVALID");
      expect(messageOf(refused)).to.match(new RegExp(`listeners\\.more\\..*${most}`));
      expect([proxy.generation, Object.keys(proxy.listeners)]).to.deep.equal([1, ["web"]]);
    });
  }

  for (const sessions of ["close", "drain"] as const) {
    it(`a plugin's own leg that throws at every call ends only its own session (${sessions})`, async () => {
      const throws = (): never => {
        throw new Error("no such leg");
      };
      const leg = { datagrams: false, records: false, gather: false, lend: false, borrows: false, pending: 0 };
      const hostile = {
        ...leg,
        onDrain: undefined,
        onClosed: undefined,
        read: () => undefined,
        resume: () => undefined,
        write: () => true,
      };
      const upstream: Upstream = { endpoint: "hostile", leg: { ...hostile, end: throws, retire: throws, reset: throws, destroy: throws } };
      let opened = 0;
      const half = definePlugin("half", (_options: { version: number }) => ({
        // The first client is given the hostile leg, the second what echo() answers.
        connect: (attempt) => ((opened += 1) === 1 ? of(upstream) : attempt),
      }));
      const config = (version: number): SluiceConfig => ({
        listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [half({ version }), echo()], reload: { sessions, deadline: "10ms" } } },
      });
      const proxy = await start(config(1));
      const first = await connect(portOf(proxy, "web"));
      await eventually(() => expect(opened).to.equal(1));
      const second = await connect(portOf(proxy, "web"));
      expect(await exchange(second, "open")).to.equal("open");
      const ends = Promise.all([breakOf(first), breakOf(second)]);
      await proxy.apply(config(2));
      expect(proxy.generation).to.equal(2);
      await ends;
      await eventually(() => expect(proxy.sessions.size).to.equal(0));
      expect(await exchangeOnce(portOf(proxy, "web"), "on")).to.equal("on");
    });
  }

  /** Refuses in the last step that may. */
  const refusing = (): PluginUse =>
    definePlugin("refusing", (_options: { version: number }) => ({
      inherit: () => {
        throw new Error("no heir");
      },
    }))({ version: Math.random() });

  it("if one plugin's inherit() refuses, dnsCache before it still answers waiting clients", async () => {
    const server = await bindUdp();
    cleanup.add(() => new Promise<void>((resolve) => void server.close(resolve)));
    const asked: (() => void)[] = [];
    server.on("message", (query, from) => {
      const { id = 0, questions = [] } = decode(query);
      const message = encode({ type: "response", id, questions, answers: [address("www.test", "192.0.2.7", 60)] });
      asked.push(() => void server.send(message, from.port, from.address));
    });
    const config = (max: number): SluiceConfig => ({
      listeners: {
        dns: { listen: "udp://127.0.0.1:0", upstream: `127.0.0.1:${server.address().port}`, plugins: [dnsCache({ max }), refusing()] },
      },
    });
    const proxy = await start(config(100));
    const clients = [await dnsClient(portOf(proxy, "dns")), await dnsClient(portOf(proxy, "dns"))];
    for (const client of clients) cleanup.add(() => client.close());
    // The second waits for the answer to the question of the first.
    const answers = clients.map((client, id) => client.ask(id, "www.test"));
    await eventually(() => expect(proxy.sessions.size).to.equal(2));
    await eventually(() => expect(asked).to.have.length(1));
    expect(messageOf(await proxy.apply(config(200)).catch((error: unknown) => error))).to.include("no heir");
    for (const answer of asked) answer();
    expect((await Promise.all(answers)).map(({ id }) => id)).to.deep.equal([0, 1]);
    expect(asked).to.have.length(1);
  });

  it("a UDP socket that is handed over uses the new limits", async () => {
    const port = await freePort();
    const proxy = await start({ limits: { udpSessions: 8 }, listeners: { before: udp(port) } });
    const reasons: string[] = [];
    proxy.events.subscribe((event) => {
      if (event.type === "session-ended") reasons.push(event.record.reason);
    });
    await proxy.apply({ limits: { udpSessions: 1 }, listeners: { after: udp(port) } });
    for (let client = 0; client < 3; client += 1) {
      const one = await startUdpClient(cleanup, port);
      expect(String(await one.ask("hello"))).to.equal("hello");
    }
    await eventually(() => expect(reasons).to.deep.equal(["SLUICE_LIMIT_UDP_SESSIONS", "SLUICE_LIMIT_UDP_SESSIONS"]));
  });

  it("close() resolves only after a running apply has ended", async () => {
    const proxy = await start({ listeners: { web: tcp() } });
    let go = (): void => undefined;
    const wait = new Promise<void>((resolve) => (go = resolve));
    const probe = createProbe({ setup: () => wait });
    const order: string[] = [];
    const applying = proxy
      .apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [probe.use(), echo()] } } })
      .catch((error: unknown) => void order.push(SluiceError.is(error) ? error.code : "?"));
    await eventually(() => expect(probe.count("setup")).to.equal(1));
    const closing = proxy.close().then(() => order.push("closed"));
    await delay(50);
    expect(order).to.deep.equal([]);
    go();
    await Promise.all([applying, closing]);
    expect(order).to.deep.equal(["SLUICE_CLOSED", "closed"]);
    expect(probe.steps).to.deep.equal(["construct 1", "setup 1", "teardown 1"]);
  });

  it("300 applies in a row still let timers and sockets run", async () => {
    const proxy = await start({ listeners: { web: tcp() } });
    let [timers, turns] = [0, 0];
    const ticking = setInterval(() => (timers += 1), 1);
    cleanup.add(() => void clearInterval(ticking));
    const exchanging = async (): Promise<void> => {
      await exchangeOnce(portOf(proxy, "web"), "turn");
      turns += 1;
      if (proxy.generation < 301) await exchanging();
    };
    const exchanged = exchanging();
    let configsRead = 0;
    const config = {
      get listeners() {
        configsRead += 1;
        return { web: tcp() };
      },
    };
    const applied = Array.from({ length: 300 }, () => proxy.apply(config));
    const refused = proxy
      .apply({ listeners: { web: { ...tcp(), listen: "nowhere" } } })
      .catch((error: unknown) => (error as SluiceError).code);
    expect(configsRead, "configs that were checked before the event loop turned").to.be.at.most(1);
    await Promise.all(applied);
    expect(await refused).to.equal("SLUICE_CONFIG_INVALID");
    expect(proxy.generation).to.equal(301);
    await exchanged;
    expect(timers).to.be.at.least(20);
    expect(turns).to.be.at.least(5);
  });
});
