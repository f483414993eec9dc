import { expect } from "chai";
import { createProxy, SluiceError, type PluginUse, type ProxyEvent, type Proxy } from "sluice";
import { echo } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { exchange, exchangeOnce, isRefused } from "../support/exchange.ts";
import { createProbe } from "../support/probe-plugin.ts";
import { refusalOf } from "../support/rejection.ts";
import { plugin } from "../support/with-proxy.ts";
import { openDescriptors, hasProcessTable } from "../support/process-table.ts";
import { closeOf, connect } from "../support/sockets.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { eventOf } from "../support/bounded.ts";

const logger = createLogger({ level: "silent" });

async function start(): Promise<{ proxy: Proxy; port: number; events: ProxyEvent[] }> {
  const proxy = await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } }, { logger });
  const events: ProxyEvent[] = [];
  proxy.events.subscribe((event) => events.push(event));
  return { proxy, port: proxy.listeners["web"]?.address.port ?? 0, events };
}

describe("Closing a proxy", () => {
  it("stops accepting at once, lets open sessions end by themselves, and is done when the last one ends", async () => {
    const { proxy, port } = await start();
    const open = await Promise.all(Array.from({ length: 50 }, () => connect(port)));
    await Promise.all(open.map((socket) => exchange(socket, "1")));
    let closed = false;
    const closing = proxy.close({ drain: "10s" }).then(() => (closed = true));
    expect(await isRefused(port)).to.equal(true);
    for (const socket of open) {
      expect(await exchange(socket, "draining")).to.equal("draining");
      expect(closed).to.equal(false);
      socket.end();
      expect(await closeOf(socket)).to.equal(undefined);
    }
    await closing;
    expect(proxy.sessions.size).to.equal(0);
  });

  it("resets the sessions that are still open at the deadline, and reports this in their records", async () => {
    const { proxy, port, events } = await start();
    const [lasting, ending] = [await connect(port), await connect(port)];
    await exchange(lasting, "1");
    await exchange(ending, "1");
    const closing = proxy.close({ drain: "200ms" });
    ending.end();
    expect(await closeOf(ending)).to.equal(undefined);
    expect(await closeOf(lasting)).to.equal("ECONNRESET");
    await closing;
    const reasons = events.flatMap((event) => (event.type === "session-ended" ? [event.record.reason] : []));
    expect(reasons).to.deep.equal(["closed", "SLUICE_DRAIN_DEADLINE"]);
    expect(events.at(-1)?.type).to.equal("closed");
  });

  it("refuses a reload that is under way, before the plugins' state is handed over", async () => {
    let inherited = false;
    const closing: Promise<void>[] = [];
    const keeper = (isLast: boolean): PluginUse =>
      plugin("keeper", {
        setup: () => void (isLast && closing.push(proxy.close())),
        inherit: () => void (inherited = true),
      });
    const config = (isLast: boolean) => ({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [keeper(isLast), echo()] } } });
    const proxy: Proxy = await createProxy(config(false), { logger });
    expect((await refusalOf(proxy.apply(config(true)))).code).to.equal("SLUICE_CLOSED");
    await Promise.all(closing);
    expect([closing.length, inherited]).to.deep.equal([1, false]);
  });

  it("waits for no session without a drain time", async () => {
    const { proxy, port } = await start();
    const open = await connect(port);
    await exchange(open, "1");
    await proxy.close();
    expect(await closeOf(open)).to.equal("ECONNRESET");
  });

  it("does not wait for UDP flows, which are served until the last stream session has ended", async () => {
    const probe = createProbe();
    const proxy = await createProxy(
      {
        listeners: {
          web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] },
          datagrams: { listen: "udp://127.0.0.1:0", plugins: [probe.use(), echo()] },
        },
      },
      { logger },
    );
    const portOf = (name: string): number => proxy.listeners[name]?.address.port ?? 0;
    const client = await bindUdp();
    const ask = async (text: string): Promise<string> => {
      const answer = eventOf(client, "message");
      client.send(text, portOf("datagrams"), "127.0.0.1");
      return String((await answer)[0]);
    };
    const open = await connect(portOf("web"));
    await exchange(open, "1");
    expect(await ask("one")).to.equal("one");
    const closing = proxy.close({ drain: "10s" });
    expect(await ask("two")).to.equal("two");
    open.end();
    await closing;
    expect(probe.count("teardown")).to.equal(1);
    client.close();
  });

  it("refuses every config from then on", async () => {
    const { proxy } = await start();
    await proxy.close();
    const refusal = await proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [echo()] } } }).catch(String);
    expect(refusal).to.include("SLUICE_CLOSED");
  });

  it("refuses a drain time that is not a duration, with an error of the catalogue, and the proxy stays open", async () => {
    const { proxy, port } = await start();
    const refusal = await proxy.close({ drain: "soon" }).catch((error: unknown) => error);
    expect(SluiceError.is(refusal) && refusal.message).to.match(
      /^close\(\{ drain \}\): expected a duration.*got "soon" \(SLUICE_CONFIG_INVALID/,
    );
    expect(await exchangeOnce(port, "still there")).to.equal("still there");
    await proxy.close({ drain: "60d" });
    expect(await isRefused(port)).to.equal(true);
  });

  it("leaves no descriptor open", async function () {
    if (!hasProcessTable) this.skip();
    const warm = await start();
    await warm.proxy.close();
    const before = openDescriptors();
    for (let turn = 0; turn < 10; turn += 1) {
      const { proxy, port } = await start();
      const open = await connect(port);
      await exchange(open, "1");
      await proxy.close();
      await closeOf(open);
    }
    expect(openDescriptors()).to.be.at.most(before);
  });

  it("cancels a reload that is in progress, and tears its plugins down", async () => {
    const { proxy } = await start();
    let go = (): void => undefined;
    const wait = new Promise<void>((resolve) => (go = resolve));
    const probe = createProbe({ setup: () => wait });
    const applying = proxy.apply({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins: [probe.use(), echo()] } } }).catch(String);
    await new Promise((resolve) => setImmediate(resolve));
    const closing = proxy.close();
    go();
    expect(await applying).to.include("SLUICE_CLOSED");
    await closing;
    expect(probe.steps).to.deep.equal(["construct 1", "setup 1", "teardown 1"]);
  });
});
