import { expect } from "chai";
import { createSocket, type Socket } from "node:dgram";
import { createServer, type AddressInfo } from "node:net";
import { createProxy, type Balance, type SluiceConfig } from "sluice";
import { http } from "sluice/plugins";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { eventOf } from "../support/bounded.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { ask } from "../support/http-client.ts";
import { address, withNameServer } from "../support/name-server.ts";
import { bindUdp } from "../support/with-echo-server.ts";
import { startUdpClient } from "../support/udp-client.ts";

const logger = createLogger({ level: "silent" });
const hosts = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"];
/** An address of loopback where no other test listens: at 127.0.0.1, another process may have the port. */
const refusing = "127.0.0.77";

describe("A name with four addresses", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  /** Servers of one port at some of the addresses, which tell their address, over TCP as an HTTP response. */
  async function serve(at: readonly string[]): Promise<{ readonly port: number; readonly seen: Map<string, number> }> {
    const seen = new Map<string, number>();
    let port = 0;
    for (const host of at) {
      const server = createServer((socket) => {
        seen.set(host, (seen.get(host) ?? 0) + 1);
        socket.on("error", () => undefined);
        socket.end(`HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${host.length}\r\n\r\n${host}`);
      });
      server.listen(port, host);
      await eventOf(server, "listening");
      port = (server.address() as { port: number }).port;
      cleanup.add(() => void server.close());
    }
    return { port, seen };
  }

  /** A UDP port of 127.0.0.1 that refuses, and that nobody else gets: a connected socket takes datagrams of its peer only. */
  async function withoutAnswer(): Promise<AddressInfo> {
    const socket = await bindUdp();
    cleanup.add(() => void socket.close());
    const connected = eventOf(socket, "connect");
    socket.connect(9, "127.0.0.1");
    await connected;
    return socket.address();
  }

  async function start(config: SluiceConfig): Promise<number> {
    const proxy = cleanup.keep(await createProxy(config, { logger }));
    return proxy.listeners["web"]?.address.port ?? 0;
  }

  for (const [where, names] of [
    ["DNS", undefined],
    ["dns.hosts", hosts],
  ] as const) {
    it(`in ${where}: is connected to at each address in turn`, async () => {
      const { port, seen } = await serve(hosts);
      await withNameServer(
        () => ({ answers: hosts.map((host) => address("many.test", host, 600)) }),
        async ({ endpoint }) => {
          const own = await start({
            dns: { servers: [endpoint], hosts: names === undefined ? {} : { "many.test": names } },
            listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `many.test:${port}` } },
          });
          for (let turn = 0; turn < 8; turn += 1) {
            await exchangeOnce(own, "", 10);
          }
          expect([...seen.values()]).to.deep.equal([2, 2, 2, 2]);
        },
      );
    });
  }

  it("is connected to at each address in turn with http() too", async () => {
    const { port, seen } = await serve(hosts);
    const own = await start({
      dns: { hosts: { "many.test": hosts } },
      listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: `many.test:${port}`, plugins: [http()] } },
    });
    for (let turn = 0; turn < 4; turn += 1) {
      expect((await ask(own)).status).to.equal(200);
    }
    expect([...seen.values()]).to.deep.equal([1, 1, 1, 1]);
  });

  for (const balance of ["round-robin", "random", "least-connections"] satisfies Balance[]) {
    it(`is connected last to an address that refused, with ${balance}`, async () => {
      const { port, seen } = await serve(hosts);
      const own = await start({
        dns: { hosts: { "many.test": [refusing, ...hosts] } },
        listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints: [`many.test:${port}`], balance } } },
      });
      for (let turn = 0; turn < 12; turn += 1) {
        await exchangeOnce(own, "", 10);
      }
      expect([...seen.values()].reduce((sum, count) => sum + count, 0)).to.equal(12);
    });
  }

  it("that is localhost reaches a UDP upstream only at ::1, after 127.0.0.1 has refused", async function () {
    const upstream: Socket = createSocket({ type: "udp6", ipv6Only: true });
    upstream.on("message", (datagram, from) => void upstream.send(datagram, from.port, from.address));
    const { port } = await withoutAnswer();
    upstream.bind(port, "::1");
    try {
      await eventOf(upstream, "listening");
    } catch {
      this.skip();
    }
    cleanup.add(() => void upstream.close());
    const own = await start({ listeners: { web: { listen: "udp://127.0.0.1:0", upstream: `localhost:${port}` } } });
    await eventually(async () => expect(String(await (await startUdpClient(cleanup, own)).ask("x", 300))).to.equal("x"));
  });
});
