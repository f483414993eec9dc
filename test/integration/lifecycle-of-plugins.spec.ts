import { expect } from "chai";
import { createProxy, definePlugin, type Proxy, type SluiceConfig } from "sluice";
import { each } from "sluice/flow";
import { echo } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { createProbe, type Probe } from "../support/probe-plugin.ts";
import { closeOf, connect } from "../support/sockets.ts";

const logger = createLogger({ level: "silent" });

describe("The life of a plugin", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const config = (probe: Probe, version: number, sessions: "swap" | "keep" | "drain" | "close" = "swap"): SluiceConfig => ({
    listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [probe.use({ version }), echo()], reload: { sessions, deadline: "10s" } } },
  });

  async function start(first: SluiceConfig): Promise<{ proxy: Proxy; port: number }> {
    const proxy = cleanup.keep(await createProxy(first, { logger }));
    return { proxy, port: proxy.listeners["web"]?.address.port ?? 0 };
  }

  it("is one instance per use and listener, set up once, for any number of sessions", async () => {
    const probe = createProbe();
    const listener = { listen: "tcp://127.0.0.1:0", plugins: [probe.use({ name: "a" }), probe.use({ name: "b" }), echo()] };
    const { proxy } = await start({ listeners: { web: listener, other: listener } });
    const ports = Object.values(proxy.listeners).map(({ address }) => address.port);
    for (const port of [...ports, ...ports]) {
      const socket = await connect(port);
      await exchange(socket, "x");
      socket.destroy();
    }
    expect(probe.count("construct")).to.equal(4);
    expect(probe.count("setup")).to.equal(4);
    expect(probe.count("teardown")).to.equal(0);
    await proxy.close();
    expect(probe.count("teardown")).to.equal(4);
  });

  it("ends when its last session no longer uses it, and not before", async () => {
    const probe = createProbe();
    const { proxy, port } = await start(config(probe, 1, "keep"));
    const [first, second] = [await connect(port), await connect(port)];
    await exchange(first, "1");
    await exchange(second, "1");
    await proxy.apply(config(probe, 2, "keep"));
    expect(probe.count("teardown")).to.equal(0);
    first.end();
    await closeOf(first);
    expect(await exchange(second, "on")).to.equal("on");
    expect(probe.count("teardown")).to.equal(0);
    second.end();
    await closeOf(second);
    await eventually(() => expect(probe.steps).to.include("teardown 1"));
    expect(probe.count("teardown")).to.equal(1);
  });

  it("ends at once for a plugin whose sessions were swapped to another", async () => {
    const probe = createProbe();
    const { proxy, port } = await start(config(probe, 1));
    const open = await connect(port);
    await exchange(open, "1");
    await proxy.apply(config(probe, 2));
    await eventually(() => expect(probe.steps).to.include("teardown 1"));
    expect(await exchange(open, "on")).to.equal("on");
    open.destroy();
  });

  it("continues while the old operators still flush", async () => {
    let open = (): void => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const slow = each(async (chunk: Buffer) => {
      await opened;
      return chunk;
    });
    const probe = createProbe({ hooks: (number) => ({ fromClient: (data) => (number === 1 ? data.pipe(slow) : data) }) });
    const { proxy, port } = await start(config(probe, 1));
    const socket = await connect(port);
    socket.write("held");
    await eventually(() => expect([...proxy.sessions].map(({ fromClient }) => fromClient.bytes)).to.deep.equal([4]));
    await proxy.apply(config(probe, 2));
    expect(probe.count("teardown")).to.equal(0);
    open();
    expect(await exchange(socket, "!", 5)).to.equal("held!");
    await eventually(() => expect(probe.steps).to.include("teardown 1"));
    socket.destroy();
  });

  it("ends once when the proxy is closed twice", async () => {
    const probe = createProbe();
    const { proxy } = await start(config(probe, 1));
    await Promise.all([proxy.close(), proxy.close()]);
    expect(probe.steps).to.deep.equal(["construct 1", "setup 1", "teardown 1"]);
  });

  it("ends before close() is done, also for a plugin that a reload kept only for its open sessions", async () => {
    const order: string[] = [];
    let begun = 0;
    let finish = (): void => undefined;
    const finishing = new Promise<void>((resolve) => (finish = resolve));
    const slow = definePlugin("slow", ({ version }: { readonly version: number }) => ({
      teardown: async () => {
        begun += 1;
        await finishing;
        order.push(`torn down ${version}`);
      },
    }));
    const keeping = (version: number): SluiceConfig => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [slow({ version }), echo()], reload: { sessions: "keep" } } },
    });
    const { proxy, port } = await start(keeping(1));
    const open = await connect(port);
    await exchange(open, "1");
    await proxy.apply(keeping(2));
    const closing = proxy.close().then(() => order.push("closed"));
    await eventually(() => expect(begun).to.equal(2));
    finish();
    await closing;
    expect(order.at(-1)).to.equal("closed");
    expect(order.toSorted()).to.deep.equal(["closed", "torn down 1", "torn down 2"]);
    open.destroy();
  });

  it("ends for all plugins when the teardown of one plugin fails, and the failure is reported with its name", async () => {
    const probe = createProbe();
    const faulty = definePlugin("faulty", () => ({ teardown: () => Promise.reject(new Error("stuck")) }));
    const { proxy } = await start({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [faulty(), probe.use(), echo()] } } });
    const faults: string[] = [];
    proxy.events.subscribe((event) => {
      if (event.type === "plugin-fault") faults.push(`${event.plugin}: ${event.error.message}`);
    });
    await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } });
    await eventually(() => expect(probe.count("teardown")).to.equal(1));
    await eventually(() => expect(faults).to.have.length(1));
    expect(faults[0]).to.include("faulty").and.include("stuck");
  });

  it("ends when a use is disabled, and begins again when the use is enabled", async () => {
    const probe = createProbe();
    const toggled = (enabled: boolean): SluiceConfig => ({
      listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [probe.use({ enabled }), echo()] } },
    });
    const { proxy } = await start(toggled(false));
    expect(probe.steps).to.deep.equal([]);
    await proxy.apply(toggled(true));
    await proxy.apply(toggled(false));
    await eventually(() => expect(probe.steps).to.deep.equal(["construct 1", "setup 1", "teardown 1"]));
  });
});
