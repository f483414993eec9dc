import { expect } from "chai";
import { randomBytes } from "node:crypto";
import { proxyProtocol, route } from "sluice/plugins";
import { startBrowser } from "../support/browser.ts";
import { createCleanup } from "../support/cleanup.ts";
import { clientHelloOf } from "../support/client-hello-of.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { version2 } from "../support/proxy-header.ts";
import { cryptoFrame, initialPacket, V2, zeroRttPacket } from "../support/quic-initial.ts";
import { startUdpClient } from "../support/udp-client.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

type RouteOptions = Parameters<typeof route>[0];

interface Upstream {
  readonly address: string;
  readonly got: Buffer[];
}

describe("route on udp:// by QUIC", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** Answers each datagram with its own name. */
  async function named(name: string): Promise<Upstream> {
    const socket = await bindUdp();
    cleanup.add(() => new Promise<void>((resolve) => void socket.close(resolve)));
    const got: Buffer[] = [];
    socket.on("message", (datagram, { port, address }) => {
      got.push(datagram);
      socket.send(name, port, address);
    });
    return { address: `127.0.0.1:${socket.address().port}`, got };
  }

  async function start(options: RouteOptions): Promise<TestProxy> {
    const started = await startProxy({
      listeners: { web: { listen: "udp://127.0.0.1:0", plugins: [route(options)] } },
    });
    cleanup.add(() => started.proxy.close());
    return started;
  }
  const idOf = (): Buffer => randomBytes(8);

  it("chooses by server name, ALPN and protocol, in versions 1 and 2, and sends everything else to the fallback", async () => {
    const [a, b, quic, rest] = [await named("a"), await named("b"), await named("quic"), await named("rest")];
    const { port } = await start({
      routes: [
        { serverName: "*.a.test", upstream: a.address },
        { alpn: "doq", upstream: b.address },
        { protocol: "quic", upstream: quic.address },
      ],
      fallback: rest.address,
    });
    const answer = async (datagram: Buffer): Promise<string> => String(await (await startUdpClient(cleanup, port())).ask(datagram));
    const first = async (servername: string, alpn: string, version?: number): Promise<Buffer> => {
      const hello = cryptoFrame(0, await clientHelloOf({ servername, ALPNProtocols: [alpn] }));
      return initialPacket(hello, { connectionId: idOf(), ...(version === undefined ? {} : { version }) });
    };
    expect(await answer(await first("x.a.test", "h3"))).to.equal("a");
    expect(await answer(await first("x.a.test", "h3", V2))).to.equal("a");
    expect(await answer(await first("b.test", "doq"))).to.equal("b");
    expect(await answer(await first("b.test", "h3"))).to.equal("quic");
    expect(await answer(await first("x.a.test", "h3", 0xff_00_00_1d))).to.equal("rest");
    expect(await answer(Buffer.from("no QUIC"))).to.equal("rest");
  });

  it("waits for a ClientHello over several datagrams, the first of them 0-RTT, and passes all of them in order, and everything after them", async () => {
    const [a, rest] = [await named("a"), await named("rest")];
    const { port } = await start({ routes: [{ serverName: "a.test", upstream: a.address }], fallback: rest.address });
    const hello = await clientHelloOf({ servername: "a.test" });
    const connectionId = idOf();
    const datagrams = [cryptoFrame(100, hello.subarray(100)), cryptoFrame(0, hello.subarray(0, 100))].map((frame, number) =>
      initialPacket(frame, { connectionId, number }),
    );
    const client = await startUdpClient(cleanup, port());
    datagrams.unshift(zeroRttPacket({ connectionId }));
    for (const datagram of datagrams) client.send(datagram);
    client.send("later");
    await eventually(() => expect(a.got).to.have.lengthOf(4));
    expect(a.got.map((datagram) => datagram.toString("hex"))).to.deep.equal(
      [...datagrams, Buffer.from("later")].map((each) => each.toString("hex")),
    );
    expect(rest.got).to.deep.equal([]);
  });

  it("waits for a part of a ClientHello that was lost until the client sends it again, and a client of 0-RTT for its first packet", async () => {
    const [a, rest] = [await named("a"), await named("rest")];
    const { port } = await start({ routes: [{ serverName: "a.test", upstream: a.address }], fallback: rest.address });
    const hello = await clientHelloOf({ servername: "a.test" });
    const connectionId = idOf();
    const parts = [cryptoFrame(0, hello.subarray(0, 100)), cryptoFrame(100, hello.subarray(100))];
    const [first, second] = parts.map((frame, number) => initialPacket(frame, { connectionId, number })) as [Buffer, Buffer];
    const [lossy, early] = [await startUdpClient(cleanup, port()), await startUdpClient(cleanup, port())];
    lossy.send(first);
    early.send(zeroRttPacket({ connectionId }));
    setTimeout(() => early.send(initialPacket(cryptoFrame(0, hello), { connectionId })), 500);
    // RFC 9002 section 6.2.2: after a second at the latest.
    setTimeout(() => lossy.send(first), 1000);
    setTimeout(() => lossy.send(second), 1000);
    await eventually(() => expect(a.got).to.have.lengthOf(5));
    expect(rest.got).to.deep.equal([]);
  });

  it("sends a ClientHello that never finishes to the fallback after the timeout, and harms no other session", async () => {
    const [a, rest] = [await named("a"), await named("rest")];
    const { port } = await start({ routes: [{ serverName: "a.test", upstream: a.address }], fallback: rest.address, timeout: "200ms" });
    const hello = await clientHelloOf({ servername: "a.test" });
    const slow = await startUdpClient(cleanup, port());
    const answer = slow.ask(initialPacket(cryptoFrame(0, hello.subarray(0, 100)), { connectionId: idOf() }));
    const quick = await startUdpClient(cleanup, port());
    expect(String(await quick.ask(initialPacket(cryptoFrame(0, hello), { connectionId: idOf() })))).to.equal("a");
    expect(String(await answer)).to.equal("rest");
  });

  it("reads after a PROXY header, and uses new routes for new clients after a reload", async () => {
    const [a, b] = [await named("a"), await named("b")];
    const config = (to: Upstream): Parameters<typeof startProxy>[0] => ({
      listeners: {
        web: {
          listen: "udp://127.0.0.1:0",
          plugins: [
            proxyProtocol({ from: ["127.0.0.1"] }),
            route({ routes: [{ serverName: "a.test", upstream: to.address }], fallback: "127.0.0.1:9" }),
          ],
        },
      },
    });
    const { port, proxy } = await startProxy(config(a));
    cleanup.add(() => proxy.close());
    const initial = initialPacket(cryptoFrame(0, await clientHelloOf({ servername: "a.test" })), { connectionId: idOf() });
    const header = (last: number): Buffer => version2({ source: `192.0.2.${last}`, family: 0x12 });
    const client = await startUdpClient(cleanup, port());
    expect(String(await client.ask(Buffer.concat([header(1), initial])))).to.equal("a");
    await proxy.apply(config(b));
    expect(String(await client.ask(Buffer.concat([header(1), initial])))).to.equal("a");
    expect(String(await client.ask(Buffer.concat([header(2), initial])))).to.equal("b");
  });

  it("reads the first packets of a real Chromium", async function () {
    const chromium = requireTool(this, "chromium");
    const [a, rest] = [await named("a"), await named("rest")];
    const { port } = await start({ routes: [{ serverName: "quic.test", alpn: "h3", upstream: a.address }], fallback: rest.address });
    const browser = await startBrowser(cleanup, chromium, {}, [
      "--enable-quic",
      `--origin-to-force-quic-on=quic.test:${port()}`,
      "--host-resolver-rules=MAP quic.test 127.0.0.1",
    ]);
    const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
    const gone = page.goto(`https://quic.test:${port()}/`, { timeout: 30_000 }).catch(() => undefined);
    await eventually(() => expect(a.got.length).to.be.greaterThan(0), { within: 20_000 });
    expect(rest.got).to.deep.equal([]);
    await browser.close();
    await gone;
  });
});
