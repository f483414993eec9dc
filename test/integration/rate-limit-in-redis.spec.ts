import { expect } from "chai";
import { createProxy, SluiceError, type Proxy, type SluiceConfig } from "sluice";
import { echo, rateLimit } from "sluice/plugins";
import { redis, type RedisOptions } from "sluice/redis";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, exchangeOnce } from "../support/exchange.ts";
import { requireTool } from "../support/external-tool.ts";
import { mustRun } from "../support/real-peer.ts";
import { recordLog } from "../support/recorded-log.ts";
import { RedisServer } from "../support/redis-server.ts";
import { connect, freePort } from "../support/sockets.ts";

/** So slow that nothing comes back while a test runs. */
const never = { rate: 1, per: "1h" };
const away = /^the store of rate limits does not answer/;

describe("rateLimit with a store in a real Redis", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  const log = recordLog("debug");
  let file: string;

  before(function () {
    file = requireTool(this, "redis-server");
  });
  afterEach(() => cleanup.run());

  const server = async (): Promise<RedisServer> => new RedisServer(cleanup, file, await freePort()).start();

  const configOf = (limits: Parameters<typeof rateLimit>[0], options: RedisOptions): SluiceConfig => ({
    listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [rateLimit({ ...limits, store: redis(options) }), echo()] } },
  });

  async function start(limits: Parameters<typeof rateLimit>[0], options: RedisOptions): Promise<{ proxy: Proxy; port: number }> {
    const proxy = cleanup.keep(await createProxy(configOf(limits, options), { logger: log.logger }));
    return { proxy, port: proxy.listeners["web"]?.address.port ?? 0 };
  }

  const isIn = async (port: number): Promise<boolean> => (await exchangeOnce(port, "x").catch(() => "")) === "x";

  async function admitted(ports: readonly number[], asked: number): Promise<number> {
    const answers = await Promise.all(Array.from({ length: asked }, (_, index) => isIn(ports[index % ports.length] ?? 0)));
    return answers.filter(Boolean).length;
  }

  it("is one limit for two proxies, with one request to Redis per decision", async () => {
    const store = await server();
    const limits = { connections: { ...never, burst: 10 } };
    const options = { url: store.url, timeout: "10s" };
    const [one, two] = [await start(limits, options), await start(limits, options)];
    for (let index = 0; index < 10; index += 1) expect(await isIn(index % 2 === 0 ? one.port : two.port)).to.equal(true);
    expect(await admitted([one.port, two.port], 10)).to.equal(0);
    expect(await store.ask("KEYS", "*")).to.have.length(1);
  });

  it("grants the burst to many clients at once, no more and no less", async () => {
    const store = await server();
    const limits = { connections: { rate: 100, per: "1h", burst: 30 } };
    const options = { url: store.url, timeout: "10s" };
    // Other options, so that each has a connection of its own, as it has in a process of its own.
    const [one, two] = [await start(limits, options), await start(limits, { ...options, timeout: "11s" })];
    expect(await admitted([one.port, two.port], 80)).to.equal(30);
  });

  it("takes leases for bytes: few requests to Redis for many chunks", async () => {
    const store = await server();
    const { port } = await start({ bytes: { rate: "1MiB", burst: "4MiB" } }, { url: store.url, timeout: "10s" });
    const socket = cleanup.keep(await connect(port));
    for (let index = 0; index < 200; index += 1) expect(await exchange(socket, "0123456789")).to.equal("0123456789");
    const stats = String(await store.ask("INFO", "commandstats"));
    const calls = Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]);
    // Two directions, and a lease of 100 KiB lasts a second.
    expect(calls).to.be.within(2, 100);
  });

  it("continues with its share of the rate when the server is killed, and uses the server again when it is back", async () => {
    const store = await server();
    const { port } = await start({ connections: { ...never, burst: 10 } }, { url: store.url, timeout: "10s", share: 2 });
    expect(await isIn(port)).to.equal(true);
    await store.kill();
    expect(await admitted([port], 12)).to.equal(5);
    expect(log.records.filter(({ msg }) => away.test(String(msg)))).to.have.length(1);
    await store.start();
    // A new server knows nothing of what was granted before.
    await eventually(async () => expect(await isIn(port)).to.equal(true), { within: 15_000 });
    expect(log.of("the store of rate limits answers again")).to.have.length(1);
  });

  for (const [onError, granted] of [
    ["pass", 6],
    ["reject", 0],
  ] as const) {
    it(`admits ${granted} of 6 with onError "${onError}" while the server hangs`, async () => {
      const store = await server();
      const { port } = await start({ connections: { ...never, burst: 2 } }, { url: store.url, onError });
      store.freeze();
      expect(await admitted([port], 6)).to.equal(granted);
      store.thaw();
    });
  }

  it("says why the server cannot be used", async () => {
    const reason = (): string => String(log.records.findLast(({ msg }) => away.test(String(msg)))?.["reason"]);
    const store = await new RedisServer(cleanup, file, await freePort(), ["--requirepass", "secret"]).start();
    const url = `redis://:wrong@127.0.0.1:${store.port}`;
    const { port } = await start({ connections: { ...never, burst: 1 } }, { url, timeout: "2s" });
    expect(await admitted([port], 1)).to.equal(1);
    expect(reason())
      .to.match(/WRONGPASS/)
      .and.not.to.include("wrong@");
    const nobody = await start({ connections: { ...never, burst: 1 } }, { url: `redis://127.0.0.1:${await freePort()}`, timeout: "1s" });
    expect(await admitted([nobody.port], 1)).to.equal(1);
    expect(reason()).to.match(/ECONNREFUSED/);
  });

  it("starts without a server, and connects to it later", async () => {
    const store = new RedisServer(cleanup, file, await freePort());
    const { port } = await start({ connections: { ...never, burst: 1 } }, { url: store.url });
    expect(await admitted([port], 3)).to.equal(1);
    await store.start();
    await eventually(async () => expect(await isIn(port)).to.equal(true), { within: 15_000 });
  });

  it("keeps its connection over reloads, also of another limit, and closes it with the last use", async () => {
    const store = await server();
    const options = { url: store.url, timeout: "10s" };
    const { proxy, port } = await start({ connections: { ...never, burst: 5 } }, options);
    const clients = async (): Promise<string[]> =>
      String(await store.ask("CLIENT", "LIST"))
        .split("\n")
        .filter((line) => line.includes("cmd=evalsha") || line.includes("cmd=eval"))
        .map((line) => /\bid=(\d+)/.exec(line)?.[1] ?? "");
    expect(await admitted([port], 1)).to.equal(1);
    const before = await clients();
    expect(before).to.have.length(1);
    const kept = configOf({ connections: { ...never, burst: 5 } }, options);
    const web = { ...kept.listeners["web"], listen: `tcp://127.0.0.1:${port}` };
    const plan = proxy.plan({ listeners: { web: web as never } });
    expect(plan.steps.map(({ action }) => action)).to.deep.equal(["keep"]);
    await proxy.apply({
      listeners: {
        web: { listen: web.listen, plugins: [rateLimit({ connections: { ...never, burst: 6 }, store: redis(options) }), echo()] },
      },
    });
    await isIn(port);
    expect(await clients()).to.deep.equal(before);
    await proxy.apply({ listeners: { web: { listen: web.listen, plugins: [echo()] } } });
    await eventually(async () => expect(await clients()).to.deep.equal([]));
  });

  it("works with a cluster, in which each node has a part of the keys", async function () {
    const cli = requireTool(this, "redis-cli");
    const nodes = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const port = await freePort();
        return new RedisServer(cleanup, file, port, [
          "--cluster-enabled",
          "yes",
          "--cluster-config-file",
          `nodes-${port}.conf`,
          "--cluster-port",
          String(await freePort()),
        ]).start();
      }),
    );
    await mustRun(cli, ["--cluster", "create", ...nodes.map(({ port }) => `127.0.0.1:${port}`), "--cluster-yes"]);
    await eventually(async () => expect(String(await nodes[2]?.ask("CLUSTER", "INFO"))).to.include("cluster_state:ok"), { within: 20_000 });
    const limits = { connections: { ...never, burst: 2 }, key: ({ id }: { id: number }) => String(id) };
    const { port } = await start(limits, { url: nodes.map(({ url }) => url), timeout: "10s" });
    for (let index = 0; index < 20; index += 1) await isIn(port);
    const keys = await Promise.all(nodes.map(async (node) => ((await node.ask("KEYS", "*")) as string[]).length));
    expect(keys.filter((count) => count > 0)).to.have.length.greaterThan(1);
  });

  it("uses the master that sentinels name", async () => {
    const master = await server();
    const sentinelPort = await freePort();
    const sentinel = new RedisServer(cleanup, file, sentinelPort, []);
    await sentinel.startSentinel("mymaster", master.port);
    const { port } = await start({ connections: { ...never, burst: 2 } }, { url: [sentinel.url], sentinel: "mymaster", timeout: "10s" });
    expect(await isIn(port)).to.equal(true);
    expect(await master.ask("KEYS", "sluice:*")).to.have.length(1);
  });

  it("follows the sentinels to the server that takes over, with the password of the servers", async () => {
    const secret = ["--requirepass", "secret", "--masterauth", "secret"];
    const master = await new RedisServer(cleanup, file, await freePort(), secret).start();
    const replicaOf = ["--replicaof", "127.0.0.1", String(master.port)];
    const replica = await new RedisServer(cleanup, file, await freePort(), [...secret, ...replicaOf]).start();
    const sentinel = new RedisServer(cleanup, file, await freePort());
    await sentinel.startSentinel("mymaster", master.port, ["auth-pass mymaster secret"]);
    const url = [`redis://:secret@127.0.0.1:${sentinel.port}`];
    const options = { url, sentinel: "mymaster", timeout: "1s", onError: "reject" } as const;
    const { port } = await start({ connections: { ...never, burst: 1_000 } }, options);
    await eventually(async () => expect(await isIn(port)).to.equal(true), { within: 15_000 });
    await eventually(async () => expect(await replica.ask("KEYS", "sluice:*")).to.have.length(1), { within: 15_000 });
    await eventually(async () => expect(String(await sentinel.ask("INFO", "sentinel"))).to.include("slaves=1"), { within: 30_000 });
    await master.kill();
    await eventually(async () => expect(String(await replica.ask("INFO", "replication"))).to.include("role:master"), { within: 30_000 });
    await eventually(async () => expect(await isIn(port)).to.equal(true), { within: 15_000 });
  });

  it("reports errors in its options", () => {
    const refused = (options: unknown): string => {
      try {
        redis(options as RedisOptions);
        return "";
      } catch (error) {
        return SluiceError.is(error) ? error.message : String(error);
      }
    };
    expect(refused({ url: "localhost:6379" })).to.match(/redis\(\): url: expected "redis:\/\/host:port"/);
    expect(refused({ sentinel: "a" })).to.match(/url: expected a list of the sentinels' addresses/);
    expect(refused({ url: ["redis://a", "rediss://b"] })).to.match(
      /redis\(\): url: expected the same protocol, user, password and database/,
    );
    expect(refused({ url: ["redis://a"], sentinel: { name: "" } })).to.match(/sentinel/);
    expect(refused({ timeout: 0 })).to.match(/timeout/);
    expect(refused({ ttl: 1 })).to.match(/ttl/);
  });
});
