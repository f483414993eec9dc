import { expect } from "chai";
import { createProxy, type ListenerConfig, type Proxy, type SluiceConfig } from "sluice";
import { echo, tlsTermination } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { connectSecurely, exchange, exchangeOnce, isRefused } from "../support/exchange.ts";
import { hasProcessTable, inodeOf } from "../support/process-table.ts";
import { createProbe } from "../support/probe-plugin.ts";
import { closeOf, connect, freePort } from "../support/sockets.ts";

const logger = createLogger({ level: "silent" });

describe("The sockets of listeners, over reloads,", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const marked = (text: string): ListenerConfig["plugins"] => [createProbe().use({ name: text }), echo()];
  const on = (port: number, transport = "tcp"): ListenerConfig => ({ listen: `${transport}://127.0.0.1:${port}`, plugins: [echo()] });

  async function start(config: SluiceConfig): Promise<Proxy> {
    return cleanup.keep(await createProxy(config, { logger }));
  }

  const portOf = (proxy: Proxy, name: string): number => proxy.listeners[name]?.address.port ?? 0;

  it("keep the free port that was bound for 0", async () => {
    const proxy = await start({ listeners: { web: on(0) } });
    const port = portOf(proxy, "web");
    for (let turn = 0; turn < 3; turn += 1) {
      await proxy.apply({ listeners: { web: { ...on(0), plugins: marked(`turn-${turn}`) } } });
      expect(portOf(proxy, "web")).to.equal(port);
    }
    expect(await exchangeOnce(port, "same")).to.equal("same");
  });

  it("are never bound again while the address is the same", async function () {
    if (!hasProcessTable) this.skip();
    const proxy = await start({ listeners: { web: on(0), other: on(0) } });
    const ports = ["web", "other"].map((name) => portOf(proxy, name));
    const inodes = ports.map(inodeOf);
    await proxy.apply({ listeners: { web: { ...on(0), plugins: marked("changed") }, other: on(0), third: on(0) } });
    await proxy.apply({ listeners: { web: { ...on(0), plugins: marked("again") }, other: on(0) } });
    expect(ports.map(inodeOf)).to.deep.equal(inodes);
  });

  it("stay the same for a listener that gets another name", async function () {
    if (!hasProcessTable) this.skip();
    const port = await freePort();
    const proxy = await start({ listeners: { before: on(port) } });
    const inode = inodeOf(port);
    const open = await connect(port);
    expect(await exchange(open, "1")).to.equal("1");
    await proxy.apply({ listeners: { after: on(port) } });
    expect(inodeOf(port)).to.equal(inode);
    expect(Object.keys(proxy.listeners)).to.deep.equal(["after"]);
    expect(await exchange(open, "open")).to.equal("open");
    expect(await exchangeOnce(port, "new")).to.equal("new");
    open.destroy();
  });

  it("are exchanged when two listeners exchange their ports", async function () {
    const [left, right] = [await freePort(), await freePort()];
    const says = (word: string, port: number): ListenerConfig => ({ ...on(port), plugins: [createProbe().use({ name: word }), echo()] });
    const proxy = await start({ listeners: { a: says("a", left), b: says("b", right) } });
    const inodes = hasProcessTable ? [inodeOf(left), inodeOf(right)] : [];
    const open = await connect(left);
    expect(await exchange(open, "1")).to.equal("1");
    await proxy.apply({ listeners: { a: says("a", right), b: says("b", left) } });
    expect([portOf(proxy, "a"), portOf(proxy, "b")]).to.deep.equal([right, left]);
    if (hasProcessTable) expect([inodeOf(left), inodeOf(right)]).to.deep.equal(inodes);
    expect(await exchange(open, "open")).to.equal("open");
    expect(await exchangeOnce(left, "left")).to.equal("left");
    expect(await exchangeOnce(right, "right")).to.equal("right");
    open.destroy();
  });

  it("change from TCP to TLS and back on one port, while open connections are still served", async () => {
    const port = await freePort();
    const { cert, key } = await createCertificate("localhost");
    const plain = { listeners: { web: on(port) } };
    const secure = { listeners: { web: { ...on(port, "tls"), plugins: [tlsTermination({ cert, key }), echo()] } } };
    const proxy = await start(plain);
    const inode = hasProcessTable ? inodeOf(port) : "";
    const clear = await connect(port);
    expect(await exchange(clear, "1")).to.equal("1");
    await proxy.apply(secure);
    const secured = await connectSecurely(port, { ca: cert, servername: "localhost" });
    expect(await exchange(secured, "secret")).to.equal("secret");
    expect(await exchange(clear, "still clear")).to.equal("still clear");
    await proxy.apply(plain);
    expect(await exchangeOnce(port, "clear again")).to.equal("clear again");
    expect(await exchange(secured, "still secret")).to.equal("still secret");
    if (hasProcessTable) expect(inodeOf(port)).to.equal(inode);
    clear.destroy();
    secured.destroy();
  });

  it("refuse at once when a listener is removed, while its open connections drain", async () => {
    const proxy = await start({ listeners: { web: on(0), gone: on(0) } });
    const port = portOf(proxy, "gone");
    const open = await connect(port);
    expect(await exchange(open, "1")).to.equal("1");
    await proxy.apply({ listeners: { web: on(0) } });
    expect(await isRefused(port)).to.equal(true);
    expect(await exchange(open, "draining")).to.equal("draining");
    open.end();
    expect(await closeOf(open)).to.equal(undefined);
  });

  it("refuse at the old port after a listener has moved, and old connections are reset at the deadline", async () => {
    const [from, to] = [await freePort(), await freePort()];
    const at = (port: number): SluiceConfig => ({ listeners: { web: { ...on(port), reload: { deadline: "300ms" } } } });
    const proxy = await start(at(from));
    const open = await connect(from);
    expect(await exchange(open, "1")).to.equal("1");
    await proxy.apply(at(to));
    expect(await isRefused(from)).to.equal(true);
    expect(await exchangeOnce(to, "moved")).to.equal("moved");
    expect(await exchange(open, "draining")).to.equal("draining");
    expect(await closeOf(open)).to.equal("ECONNRESET");
  });

  it("are closed again when a later step of the reload fails", async () => {
    const proxy = await start({ listeners: { web: on(0) } });
    const port = await freePort();
    const heir = createProbe();
    await proxy.apply({ listeners: { web: { ...on(0), plugins: [heir.use({ version: 1 }), echo()] } } });
    const faulty = createProbe({ setup: () => Promise.reject(new Error("no")) });
    const refused = await proxy
      .apply({ listeners: { web: on(0), next: { ...on(port), plugins: [faulty.use(), echo()] } } })
      .catch(() => "refused");
    expect(refused).to.equal("refused");
    expect(await isRefused(port)).to.equal(true);
    expect(await exchangeOnce(portOf(proxy, "web"), "on")).to.equal("on");
  });
});
