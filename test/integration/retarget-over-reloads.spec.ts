import { expect } from "chai";
import { tap } from "rxjs";
import { createProxy, definePlugin, type ProxyEvent, type SluiceConfig, type UpstreamConfig } from "sluice";
import { startUpstream } from "sluice/testing";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connect, freePort, readBytes } from "../support/sockets.ts";

describe("An upstream that a plugin chooses, over reloads,", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  async function start(upstream: UpstreamConfig) {
    const choose = definePlugin("choose", () => ({ admit: (arrival) => arrival.pipe(tap((session) => session.retarget(upstream))) }));
    let reloads = 0;
    const config = (): SluiceConfig => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [choose()], timeouts: { idle: 60_000 + reloads } } },
    });
    const proxy = cleanup.keep(await createProxy(config(), { logger: createLogger({ level: "silent" }) }));
    const events: ProxyEvent[] = [];
    proxy.events.subscribe((event) => events.push(event));
    const ended = (): string[] => events.flatMap((event) => (event.type === "session-ended" ? [event.record.reason] : []));
    return {
      proxy,
      events,
      ended,
      reload: () => {
        reloads += 1;
        return proxy.apply(config());
      },
      client: async () => cleanup.keep(await connect(proxy.listeners["web"]?.address.port ?? 0)),
    };
  }

  /** A session that fails. */
  async function fails({ client, ended }: Awaited<ReturnType<typeof start>>): Promise<void> {
    const before = ended().length;
    (await client()).on("error", () => undefined).resume();
    await eventually(() => expect(ended()).to.have.length(before + 1));
  }

  it("keeps the turn", async () => {
    const upstreams = await Promise.all([startUpstream("echo"), startUpstream("echo")]);
    for (const upstream of upstreams) cleanup.add(() => upstream.close());
    const started = await start(upstreams.map(({ endpoint }) => endpoint));
    for (let session = 0; session < 4; session += 1) {
      const client = await started.client();
      client.write("x");
      await readBytes(client, 1);
      await started.reload();
    }
    expect(upstreams.map(({ sockets }) => sockets.size)).to.deep.equal([2, 2]);
  });

  it("keeps who is out, and says once that all are down", async () => {
    const endpoints = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
    const started = await start({ endpoints, ejection: { failures: 1, time: "1h" } });
    for (let session = 0; session < 3; session += 1) await fails(started);
    const states = (): (string | number)[][] => (started.proxy.status().upstreams ?? []).map(({ endpoint, state }) => [endpoint, state]);
    const before = states();
    expect(before.map(([, state]) => state)).to.deep.equal(["down", "up"]);
    await started.reload();
    expect(states()).to.deep.equal(before);
    await fails(started);
    expect(started.events.filter(({ type }) => type === "endpoint-down")).to.have.length(1);
    expect(started.events.filter((event) => event.type === "warning" && /all endpoints/.test(event.message))).to.have.length(1);
  });

  it("keeps the queue, so that new sessions do not overtake those that wait", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const started = await start({ endpoints: [{ address: upstream.endpoint, maxSessions: 1 }], queue: { max: 1, timeout: "1m" } });
    const first = await started.client();
    first.write("a");
    await readBytes(first, 1);
    const second = await started.client();
    second.write("b");
    await eventually(() => expect(started.proxy.sessions.size).to.equal(2));
    await started.reload();
    const third = await started.client();
    third.resume();
    await eventOf(third, "end");
    expect(started.ended()).to.deep.equal(["SLUICE_UPSTREAM_BUSY"]);
    first.destroy();
    expect(String(await readBytes(second, 1))).to.equal("b");
  });

  it("is forgotten after the reload after which no session was sent there", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const started = await start(upstream.endpoint);
    const client = await started.client();
    client.write("x");
    await readBytes(client, 1);
    const known = (): string[] => (started.proxy.status().upstreams ?? []).map(({ endpoint }) => endpoint);
    await started.reload();
    expect(known()).to.deep.equal([upstream.endpoint]);
    await started.reload();
    expect(known()).to.deep.equal([]);
  });
});
