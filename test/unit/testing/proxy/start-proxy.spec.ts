import { expect } from "chai";
import { interval, map } from "rxjs";
import { CLOCK, definePlugin, LOGGER, type PluginUse } from "sluice";
import { each, inject as putInto } from "sluice/flow";
import { startProxy, startUpstream, virtualClock } from "sluice/testing";
import { createCleanup } from "../../../support/cleanup.ts";
import { refusalOf } from "../../../support/rejection.ts";

const cleanup = createCleanup();

const loud = definePlugin("loud", (_options, inject) => {
  const logger = inject(LOGGER);
  return {
    fromUpstream: (data) =>
      data.pipe(
        each((chunk) => {
          logger.warn({ bytes: chunk.length }, "loud");
          return Buffer.from(String(chunk).toUpperCase());
        }),
      ),
  };
});

describe("A proxy for a test", () => {
  afterEach(() => cleanup.run());

  it("takes one listener's options, and names it main", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const proxy = cleanup.keep(await startProxy({ upstream: upstream.address, plugins: [loud()] }));
    expect(proxy.url()).to.equal(`tcp://127.0.0.1:${proxy.port("main")}`);
    const client = await proxy.connect();
    await client.write("hello");
    expect(String(await client.read(5))).to.equal("HELLO");
    expect(proxy.log).to.deep.include({ ...proxy.log.at(-1), msg: "loud", plugin: "loud", listener: "main", bytes: 5 });
    client.end();
    expect(await client.closed).to.equal("fin");
    const record = await proxy.nextRecord();
    expect(record).to.deep.include({ listener: "main", reason: "closed" });
    expect(proxy.records).to.deep.equal([record]);
  });

  it("takes a whole config, whose listeners need no address", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const datagrams = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
    const proxy = cleanup.keep(
      await startProxy({
        plugins: [loud()],
        listeners: { web: { upstream: upstream.address }, dns: { listen: "udp://127.0.0.1:0", upstream: datagrams.address } },
      }),
    );
    const [web, dns] = [await proxy.connect("web"), await proxy.connect("dns")];
    await web.write("a");
    expect(String(await web.read(1))).to.equal("A");
    await dns.send("b");
    expect(String(await dns.receive())).to.equal("B");
  });

  it("takes an address that is undefined as one that is left out", async () => {
    const proxy = cleanup.keep(await startProxy({ listen: undefined as never, upstream: "127.0.0.1:9" }));
    expect(proxy.url()).to.match(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  });

  it("reloads while sessions are open, and keeps its port", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const proxy = cleanup.keep(await startProxy({ upstream: upstream.address }));
    const port = proxy.port();
    const client = await proxy.connect();
    await client.write("a");
    expect(String(await client.read(1))).to.equal("a");
    expect((await proxy.apply({ upstream: upstream.address, plugins: [loud()] })).generation).to.equal(2);
    await client.write("b");
    expect(String(await client.read(1))).to.equal("B");
    expect(proxy.port()).to.equal(port);
    expect((await refusalOf(proxy.apply({ upstream: "nowhere" }))).message).to.include("listeners.main.upstream");
  });

  it("names the listeners of the config when the given one does not exist", async () => {
    const proxy = cleanup.keep(await startProxy({ listeners: { web: { upstream: "127.0.0.1:9" }, api: { upstream: "127.0.0.1:9" } } }));
    expect((await refusalOf(() => proxy.port("wep"))).message).to.include('no listener "wep": there is "web", "api"');
    expect((await refusalOf(() => proxy.url())).code).to.equal("SLUICE_TEST_LISTENER");
    expect((await refusalOf(proxy.connect("dns"))).code).to.equal("SLUICE_TEST_LISTENER");
  });

  it("refuses a wrong config, with the option's path", async () => {
    expect((await refusalOf(startProxy({ upstrem: "127.0.0.1:9" } as never))).message)
      .to.include("listeners.main")
      .and.include("upstrem");
    expect((await refusalOf(startProxy(undefined as never))).code).to.equal("SLUICE_CONFIG_INVALID");
  });

  it("runs by a clock that the test advances", async () => {
    const beat = definePlugin("beat", (_options, inject) => {
      const clock = inject(CLOCK);
      return { fromUpstream: (data) => data.pipe(putInto(interval(15_000, clock).pipe(map((): Buffer => Buffer.from("."))))) };
    });
    const clock = virtualClock();
    const upstream = cleanup.keep(await startUpstream("echo"));
    const proxy = cleanup.keep(
      await startProxy({
        upstream: upstream.address,
        plugins: [beat()],
        providers: [{ token: CLOCK, useValue: clock }],
      }),
    );
    const client = await proxy.connect();
    await client.write("a");
    expect(String(await client.read(1))).to.equal("a");
    clock.advance("30s");
    expect(String(await client.read(2))).to.equal("..");
  });

  it("returns each record once, whether nextRecord() is called before or after the end", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const proxy = cleanup.keep(await startProxy({ upstream: upstream.address }));
    const first = proxy.nextRecord();
    for (const length of [1, 2]) {
      const client = await proxy.connect();
      client.end("x".repeat(length));
      await client.closed;
    }
    expect((await first).fromClient.bytes).to.equal(1);
    expect((await proxy.nextRecord()).fromClient.bytes).to.equal(2);
    expect((await refusalOf(proxy.nextRecord({ timeout: 20 }))).code).to.equal("SLUICE_TEST_TIMEOUT");
  });
});

describe("The end of a proxy for a test", () => {
  afterEach(() => cleanup.run());

  it("closes sessions and clients that are open, and may be called twice", async () => {
    const upstream = cleanup.keep(await startUpstream("hang"));
    const proxy = await startProxy({ upstream: upstream.address });
    const client = await proxy.connect();
    await client.write("x");
    await proxy.close();
    await proxy.close();
    expect(await client.closed).to.equal("reset");
  });

  it("names what is still open when it is strict, and closes it anyway", async () => {
    const upstream = cleanup.keep(await startUpstream("hang"));
    const proxy = await startProxy({ listeners: { web: { upstream: upstream.address } } });
    const client = await proxy.connect();
    await client.write("x");
    const error = await refusalOf(proxy.close({ strict: true }));
    expect(error.code).to.equal("SLUICE_TEST_LEFT_OPEN");
    expect(error.message).to.include('of "web"').and.include(client.local).and.include(upstream.endpoint);
    expect(await client.closed).to.equal("reset");
    await proxy.close({ strict: true });
  });

  it("accepts a strict close when everything has ended, and names a UDP client that has not", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const quiet = await startProxy({ upstream: upstream.address });
    const client = await quiet.connect();
    client.end("x");
    await client.readAll();
    await quiet.close({ strict: true });
    const datagrams = cleanup.keep(await startUpstream("echo", { transport: "udp" }));
    const proxy = await startProxy({ listen: "udp://127.0.0.1:0", upstream: datagrams.address });
    const open = await proxy.connect();
    expect((await refusalOf(proxy.close({ strict: true }))).message).to.include(open.local);
  });

  it("starts a hundred times at once in one process, and the proxies do not affect each other", async () => {
    const upstream = cleanup.keep(await startUpstream("echo"));
    const suffix = (text: string): PluginUse =>
      definePlugin("suffix", () => ({
        fromUpstream: (data) => data.pipe(each((chunk) => Buffer.concat([chunk, Buffer.from(text)]))),
      }))();
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, at) => {
        const proxy = cleanup.keep(await startProxy({ upstream: upstream.address, plugins: [suffix(`-${at}`)] }));
        const client = await proxy.connect();
        await client.write("x");
        return String(await client.readUntil(String(at)));
      }),
    );
    expect(answers).to.deep.equal(Array.from({ length: 100 }, (_, at) => `x-${at}`));
  });
});
