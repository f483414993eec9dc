import { expect } from "chai";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProxy, SluiceError, type ListenerConfig, type Proxy, type Session, type SluiceConfig } from "sluice";
import { echo, tlsTermination } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { createProbe } from "../support/probe-plugin.ts";
import { requireIpv6 } from "../support/require-ipv6.ts";
import { connect, freePort } from "../support/sockets.ts";
import { startUdpClient } from "../support/udp-client.ts";

const logger = createLogger({ level: "silent" });
const codeOf = (error: unknown): unknown => (SluiceError.is(error) ? error.code : error);

describe("A save that moves a listener to an address that overlaps its own,", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const on = (listen: string): ListenerConfig => ({ listen, plugins: [echo()], reload: { deadline: "50ms" } });
  const at = (listeners: Record<string, string>): SluiceConfig => ({
    listeners: Object.fromEntries(Object.entries(listeners).map(([name, listen]) => [name, on(listen)])),
  });

  async function start(config: SluiceConfig): Promise<Proxy> {
    return cleanup.keep(await createProxy(config, { logger }));
  }

  async function open(port: number, host = "127.0.0.1"): Promise<Socket> {
    const socket = cleanup.keep(await connect({ port, host }));
    expect(await exchange(socket, "open")).to.equal("open");
    return socket;
  }

  const moves: readonly (readonly [from: string, to: string, reaches: string])[] = [
    ["127.0.0.1", "0.0.0.0", "127.0.0.2"],
    ["0.0.0.0", "127.0.0.1", "127.0.0.1"],
    ["127.0.0.1", "[::]", "127.0.0.3"],
    ["[::]", "127.0.0.1", "127.0.0.1"],
    ["0.0.0.0", "[::]", "127.0.0.1"],
    ["[::]", "0.0.0.0", "127.0.0.2"],
    ["localhost", "0.0.0.0", "127.0.0.1"],
    ["localhost", "127.0.0.1", "127.0.0.1"],
    ["127.0.0.1", "localhost", "127.0.0.1"],
  ];
  for (const [from, to, reaches] of moves) {
    it(`from ${from} to ${to} and back, keeps its sessions`, async () => {
      const port = await freePort();
      const proxy = await start(at({ web: `tcp://${from}:${port}` }));
      const session = await open(port);
      await proxy.apply(at({ web: `tcp://${to}:${port}` }));
      await open(port, reaches);
      expect(await exchange(session, "lives on")).to.equal("lives on");
      await proxy.apply(at({ web: `tcp://${from}:${port}` }));
      await open(port);
      // Longer than the drain of a listener that had left.
      await new Promise((resolve) => void setTimeout(resolve, 100));
      expect(await exchange(session, "still")).to.equal("still");
      expect(proxy.sessions.size).to.equal(3);
      expect(proxy.listeners["web"]?.address.port).to.equal(port);
    });
  }

  const spellings: readonly (readonly [string, string])[] = [
    ["[::1]", "[0:0:0:0:0:0:0:1]"],
    ["[0:0:0:0:0:0:0:1]", "[0::1]"],
    ["127.0.0.1", "[::ffff:127.0.0.1]"],
  ];
  for (const [one, other] of spellings) {
    it(`${one} and ${other} are one address: its socket stays bound`, async function () {
      if (one.startsWith("[")) requireIpv6(this);
      const proxy = await start(at({ web: `tcp://${one}:0` }));
      const port = proxy.listeners["web"]?.address.port ?? 0;
      const events: string[] = [];
      proxy.events.subscribe(({ type }) => events.push(type));
      const host = one.startsWith("[") ? "::1" : one;
      const session = await open(port, host);
      await proxy.apply(at({ web: `tcp://${other}:${port}` }));
      expect(await exchange(session, "lives on")).to.equal("lives on");
      await open(port, host);
      expect(events).not.to.include("unlistening");
    });
    it(`${one} and ${other} cannot both be listened on`, async () => {
      const port = await freePort();
      const refused = await createProxy(at({ a: `tcp://${one}:${port}`, b: `tcp://${other}:${port}` }), { logger }).catch(codeOf);
      expect(refused).to.equal("SLUICE_ADDRESS_DUPLICATE");
    });
  }

  it("keeps the port that was bound for 0", async () => {
    const proxy = await start(at({ web: "tcp://127.0.0.1:0" }));
    const port = proxy.listeners["web"]?.address.port ?? 0;
    const session = await open(port);
    await proxy.apply(at({ web: "tcp://0.0.0.0:0" }));
    expect(proxy.listeners["web"]?.address.port).to.equal(port);
    await open(port, "127.0.0.2");
    expect(await exchange(session, "lives on")).to.equal("lives on");
    await proxy.apply(at({ web: `tcp://127.0.0.1:${port}` }));
    await open(port);
    expect(await exchange(session, "pinned")).to.equal("pinned");
  });

  it("also under another name, and with two listeners merged into one", async () => {
    const port = await freePort();
    const proxy = await start({
      listeners: { a: on(`tcp://127.0.0.1:${port}`), b: { ...on(`tcp://127.0.0.2:${port}`), reload: { deadline: "60s" } } },
    });
    const [first, second] = [await open(port), await open(port, "127.0.0.2")];
    await proxy.apply({ listeners: { a: on(`tcp://0.0.0.0:${port}`) } });
    await open(port, "127.0.0.2");
    expect(await exchange(first, "a")).to.equal("a");
    expect(await exchange(second, "draining")).to.equal("draining");
    await proxy.apply({ listeners: { c: on(`tcp://127.0.0.1:${port}`), d: on(`tcp://127.0.0.2:${port}`) } });
    expect(Object.keys(proxy.listeners)).to.deep.equal(["c", "d"]);
    await open(port);
    await open(port, "127.0.0.2");
  });

  it("over TLS", async () => {
    const port = await freePort();
    const { cert, key } = await createCertificate("localhost");
    const secure = (host: string): SluiceConfig => ({
      listeners: { web: { ...on(`tls://${host}:${port}`), plugins: [tlsTermination({ cert, key }), echo()] } },
    });
    const proxy = await start(secure("127.0.0.1"));
    const session = cleanup.keep(await connectSecurely(port, { ca: cert, servername: "localhost" }));
    expect(await exchange(session, "open")).to.equal("open");
    await proxy.apply(secure("0.0.0.0"));
    const next = cleanup.keep(await connectSecurely(port, { ca: cert, servername: "localhost", host: "127.0.0.2" }));
    expect(await exchange(next, "new")).to.equal("new");
    expect(await exchange(session, "lives on")).to.equal("lives on");
  });

  for (const [from, to] of [
    ["127.0.0.1", "0.0.0.0"],
    ["0.0.0.0", "127.0.0.1"],
    ["127.0.0.1", "[::]"],
    ["localhost", "127.0.0.1"],
    ["127.0.0.1", "localhost"],
  ] as const) {
    it(`over UDP, from ${from} to ${to} and back, with its flows`, async () => {
      const proxy = await start(at({ web: `udp://${from}:0` }));
      const port = proxy.listeners["web"]?.address.port ?? 0;
      const client = await startUdpClient(cleanup, port);
      expect(String(await client.ask("open"))).to.equal("open");
      const [session] = proxy.sessions;
      for (const host of [to, from, to]) {
        await proxy.apply(at({ web: `udp://${host}:${port}` }));
        expect(String(await client.ask("lives on"))).to.equal("lives on");
        const next = await startUdpClient(cleanup, port);
        expect(String(await next.ask("new"))).to.equal("new");
      }
      expect(proxy.sessions.size).to.equal(4);
      expect(proxy.sessions.has(session as Session)).to.equal(true);
    });
  }

  it("over UDP, between localhost and each of its addresses", async function () {
    requireIpv6(this);
    const proxy = await start(at({ web: "udp://localhost:0" }));
    const port = proxy.listeners["web"]?.address.port ?? 0;
    for (const host of ["[::1]", "localhost", "127.0.0.1", "localhost"]) {
      await proxy.apply(at({ web: `udp://${host}:${port}` }));
    }
    expect(proxy.generation).to.equal(5);
    expect(String(await (await startUdpClient(cleanup, port)).ask("new"))).to.equal("new");
  });

  it("over UDP, and is refused, restores the listener's own address and its flows", async () => {
    const proxy = await start(at({ web: "udp://127.0.0.1:0" }));
    const port = proxy.listeners["web"]?.address.port ?? 0;
    const client = await startUdpClient(cleanup, port);
    expect(String(await client.ask("open"))).to.equal("open");
    const probe = createProbe();
    const broken = (host: string, version: number): SluiceConfig => ({
      listeners: { web: { ...on(`udp://${host}:${port}`), plugins: [probe.use({ version }), echo()] } },
    });
    await proxy.apply(broken("127.0.0.1", 1));
    probe.refuse("no heir");
    expect(await proxy.apply(broken("0.0.0.0", 2)).catch(codeOf)).to.equal("SLUICE_PLUGIN_SETUP");
    expect(String(await client.ask("lives on"))).to.equal("lives on");
    expect(proxy.sessions.size).to.equal(1);
    expect(String(await (await startUdpClient(cleanup, port)).ask("new"))).to.equal("new");
  });

  it("on a unix socket, however its path is written", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-overlap-"));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    symlinkSync(folder, join(folder, "link"));
    const proxy = await start(at({ web: `unix://${folder}/a.sock` }));
    const session = cleanup.keep(await connect({ path: join(folder, "a.sock") }));
    expect(await exchange(session, "open")).to.equal("open");
    for (const path of [`${folder}/./a.sock`, `${folder}//a.sock`, `${folder}/link/a.sock`, `${folder}/a.sock`]) {
      await proxy.apply(at({ web: `unix://${path}` }));
      const next = cleanup.keep(await connect({ path: join(folder, "a.sock") }));
      expect(await exchange(next, "new")).to.equal("new");
    }
    expect(await exchange(session, "lives on")).to.equal("lives on");
  });

  describe("and is refused,", () => {
    it("restores the listener's own address when another process uses a part of the new address", async () => {
      const port = await freePort();
      const proxy = await start(at({ web: `tcp://127.0.0.1:${port}` }));
      const session = await open(port);
      const other = createServer((socket) => socket.end());
      other.listen(port, "127.0.0.2");
      await eventOf(other, "listening");
      cleanup.add(() => void other.close());
      expect(await proxy.apply(at({ web: `tcp://0.0.0.0:${port}`, more: "tcp://127.0.0.1:0" })).catch(codeOf)).to.equal(
        "SLUICE_ADDRESS_IN_USE",
      );
      expect([proxy.generation, Object.keys(proxy.listeners)]).to.deep.equal([1, ["web"]]);
      expect(await exchange(session, "lives on")).to.equal("lives on");
      await open(port);
    });

    it("restores the listener's own address when a plugin's inherit() throws after the address was closed", async () => {
      const port = await freePort();
      const probe = createProbe();
      const broken = (host: string, version: number): SluiceConfig => ({
        listeners: { web: { ...on(`tcp://${host}:${port}`), plugins: [probe.use({ version }), echo()] } },
      });
      const proxy = await start(broken("127.0.0.1", 1));
      const session = await open(port);
      probe.refuse("no heir");
      expect(await proxy.apply(broken("0.0.0.0", 2)).catch(codeOf)).to.equal("SLUICE_PLUGIN_SETUP");
      expect(await exchange(session, "lives on")).to.equal("lives on");
      await open(port);
      expect(proxy.listeners["web"]?.url).to.equal(`tcp://127.0.0.1:${port}`);
    });
  });
});
