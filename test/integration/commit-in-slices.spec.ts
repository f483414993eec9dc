// Runs alone: it keeps the CPU, and looks at what is done between the slices.
import { expect } from "chai";
import type { Socket } from "node:net";
import { createProxy, definePlugin, type ListenerConfig, type Proxy, type ProxyEvent, type SessionPolicy, type SluiceConfig } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { bounded } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { breakOf } from "../support/reset.ts";
import { closeOf, connect } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";

const sessions = 300;
const logger = createLogger({ level: "silent" });

/** Keeps the CPU, as the hooks of many plugins do, so that a commit takes many slices. */
function work(): void {
  const until = performance.now() + 0.5;
  while (performance.now() < until);
}

describe("A commit with many open sessions", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const steps: string[] = [];
  /** Marks what passes with its version, and takes its time when a session comes to it. */
  const marks = definePlugin("marks", ({ version }: { version: number }) => ({
    fromClient: (data) => {
      if (version > 1) work();
      return data.pipe(each((chunk) => Buffer.from(`${version}${chunk.toString().slice(1)}`)));
    },
    teardown: () => void steps.push(`teardown ${version}`),
  }));

  const config = (version: number, policy: SessionPolicy = "swap"): SluiceConfig => ({
    limits: { sessions: 10_000 },
    listeners: {
      many: { listen: "tcp://127.0.0.1:0", plugins: [marks({ version }), echo()], reload: { sessions: policy, deadline: "60s" } },
      other: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } satisfies ListenerConfig,
    },
  });

  interface Bench {
    readonly proxy: Proxy;
    readonly clients: readonly Socket[];
    readonly events: readonly ProxyEvent[];
    readonly count: (type: ProxyEvent["type"]) => number;
    readonly port: number;
    /** An open session of the listener that no commit here changes. */
    readonly other: Socket;
  }

  async function start(): Promise<Bench> {
    steps.length = 0;
    const proxy = cleanup.keep(await createProxy(config(1), { logger }));
    const events: ProxyEvent[] = [];
    proxy.events.subscribe((event) => events.push(event));
    const port = proxy.listeners["many"]?.address.port ?? 0;
    const clients = await Promise.all(Array.from({ length: sessions }, () => connect(port)));
    const other = await connect(proxy.listeners["other"]?.address.port ?? 0);
    for (const client of [...clients, other]) cleanup.add(() => void client.destroy());
    await Promise.all(clients.map(async (client) => expect(await exchange(client, "x1")).to.equal("11")));
    expect(await exchange(other, "x")).to.equal("x");
    const count: Bench["count"] = (type) => events.filter((event) => event.type === type).length;
    return { proxy, clients, events, count, port, other };
  }

  it("lets other sessions run meanwhile, and starts new ones on the new generation at once", async () => {
    const { proxy, clients, count, port, other } = await start();
    const applying = proxy.apply(config(2));
    await eventually(() => expect(count("swapped")).to.be.at.least(1));
    expect(proxy.generation).to.equal(2);
    expect(await exchange(other, "meanwhile")).to.equal("meanwhile");
    expect(await exchangeOnce(port, "x9")).to.equal("29");
    // Both came through while the commit was at it.
    expect(count("swapped")).to.be.below(sessions);
    expect(count("reloaded")).to.equal(0);
    expect((await applying).generation).to.equal(2);
    expect([count("swapped"), count("reloaded")]).to.deep.equal([sessions, 1]);
    await Promise.all(clients.map(async (client) => expect(await exchange(client, "x3")).to.equal("23")));
  });

  it("is followed by the next reload, with the events of each reload together", async () => {
    const { proxy, clients, events } = await start();
    const reports = await Promise.all([proxy.apply(config(2)), proxy.apply(config(3)), proxy.apply(config(4))]);
    expect(reports.map(({ generation }) => generation)).to.deep.equal([2, 3, 4]);
    const told = events.flatMap((event) =>
      event.type === "swapped" || event.type === "reloaded" ? [`${event.type} ${event.generation}`] : [],
    );
    expect(told).to.deep.equal(
      [2, 3, 4].flatMap((number) => [...Array.from({ length: sessions }, () => `swapped ${number}`), `reloaded ${number}`]),
    );
    await Promise.all(clients.map(async (client) => expect(await exchange(client, "x5")).to.equal("45")));
    await eventually(() => expect(steps).to.deep.equal(["teardown 1", "teardown 2", "teardown 3"]));
  });

  it("tolerates sessions that end meanwhile, and tears the old plugins down after the last one", async () => {
    const { proxy, clients, count } = await start();
    const applying = proxy.apply(config(2));
    await eventually(() => expect(count("swapped")).to.be.at.least(1));
    for (const client of clients.slice(-50)) client.resetAndDestroy();
    await eventually(() => expect(count("session-ended")).to.be.at.least(1));
    expect(steps).to.deep.equal([]);
    await applying;
    await eventually(() => expect(count("session-ended")).to.equal(50));
    await eventually(() => expect(steps).to.deep.equal(["teardown 1"]));
    expect(proxy.sessions.size).to.equal(sessions - 50 + 1);
  });

  it("is completed when the proxy is closed meanwhile, and its new plugins end with the proxy", async () => {
    const { proxy, clients, events, count } = await start();
    const applying = proxy.apply(config(2));
    await eventually(() => expect(count("swapped")).to.be.at.least(1));
    await bounded(proxy.close(), "the close", 30_000);
    expect((await applying).generation).to.equal(2);
    expect(count("session-ended")).to.equal(sessions + 1);
    expect(events.at(-1)?.type).to.equal("closed");
    expect(steps.toSorted()).to.deep.equal(["teardown 1", "teardown 2"]);
    await Promise.all(clients.map((client) => closeOf(client)));
  });

  it("closes all of them with the policy close, and does not touch them with keep and drain", async () => {
    const { proxy, clients, count } = await start();
    await proxy.apply(config(2, "keep"));
    await proxy.apply(config(3, "drain"));
    await Promise.all(clients.map(async (client) => expect(await exchange(client, "x6")).to.equal("16")));
    const ends = Promise.all(clients.map((client) => breakOf(client)));
    await proxy.apply(config(4, "close"));
    expect(new Set(await ends)).to.deep.equal(new Set([undefined]));
    await eventually(() => expect(count("session-ended")).to.equal(sessions));
    await eventually(() => expect(steps.toSorted()).to.deep.equal(["teardown 1", "teardown 2", "teardown 3"]));
  });

  it("ends the flows of a removed UDP listener, each with its reason", async () => {
    const proxy = await createProxy(
      { listeners: { ...config(1).listeners, udp: { listen: "udp://127.0.0.1:0", plugins: [echo()] } } },
      { logger },
    );
    cleanup.add(() => proxy.close());
    const reasons: string[] = [];
    proxy.events.subscribe((event) => {
      if (event.type === "session-ended") reasons.push(event.record.reason);
    });
    const udp = proxy.listeners["udp"]?.address.port ?? 0;
    const clients = await Promise.all(Array.from({ length: 20 }, () => startUdpClient(cleanup, udp)));
    await Promise.all(clients.map(async (client) => expect(String(await client.ask("hello"))).to.equal("hello")));
    await proxy.apply(config(1));
    await eventually(() => expect(reasons).to.deep.equal(Array.from({ length: 20 }, () => "SLUICE_CLOSED")));
    expect(proxy.sessions.size).to.equal(0);
  });
});
