import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { SluiceConfig } from "sluice";
import { socks5, tlsTermination } from "sluice/plugins";
import { Subject, switchMap, take } from "rxjs";
import { eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { ask as askHttp } from "../support/http-client.ts";
import { eventually } from "../support/eventually.ts";
import { requireIpv6 } from "../support/require-ipv6.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";
import { associate, openUdp, readReply, socksAddress, socksDatagram, startShouting } from "../support/socks-udp-client.ts";
import { startAdmin } from "../support/with-admin.ts";
import { plugin, startProxy, type TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const names = {
  dns: { hosts: { "inside.test": ["127.0.0.1"], "six.test": ["::1"], "both.test": ["::1", "127.0.0.1"], "out.test": ["192.0.2.9"] } },
};

const configOf = (allow: readonly string[], more: Partial<SluiceConfig> = {}, listen = "tcp://127.0.0.1:0"): SluiceConfig => ({
  ...names,
  ...more,
  listeners: { socks: { listen, plugins: [socks5({ allow })] } },
});

async function start(config: SluiceConfig): Promise<TestProxy> {
  return cleanup.keep(await startProxy(config));
}

async function open(port: number, host = "127.0.0.1"): Promise<Socket> {
  return cleanup.keep(await connect({ port, host }));
}

describe("SOCKS5 UDP ASSOCIATE", function () {
  this.timeout(30_000);

  it("relays to many targets by address and by name, and each answer names its sender", async () => {
    const { port, ended } = await start(configOf(["127.0.0.1", "inside.test"]));
    const [one, other] = [await startShouting(cleanup), await startShouting(cleanup)];
    const control = await open(port());
    const relay = await associate(control);
    expect([relay.code, relay.host]).to.deep.equal([0, "127.0.0.1"]);
    const client = await openUdp(cleanup);
    for (const [host, server, text] of [
      ["127.0.0.1", one, "first"],
      ["inside.test", other, "second"],
      ["127.0.0.1", other, ""],
    ] as const) {
      client.send(socksDatagram(host, server.port, text), relay);
      const { data, from } = await client.next();
      expect(from.port).to.equal(relay.port);
      expect(data.toString("hex")).to.equal(socksDatagram("127.0.0.1", server.port, text.toUpperCase()).toString("hex"));
    }
    control.end();
    expect(String(await readAll(control))).to.equal("");
    const record = await ended("closed");
    expect(record.upstream).to.equal("socks5");
    expect(record.relay).to.deep.equal({
      targets: [`127.0.0.1:${one.port}`, `inside.test:${other.port}`, `127.0.0.1:${other.port}`],
      dropped: {},
    });
    expect([record.fromClient.chunks, record.fromUpstream.chunks]).to.deep.equal([3, 3]);
    expect(record.fromUpstream.bytes).to.equal("firstsecond".length);
  });

  it("relays over IPv6, and from an IPv4 client to an IPv6 target and back", async function () {
    requireIpv6(this);
    const { port } = await start(configOf(["127.0.0.1", "::1", "six.test", "both.test"], {}, "tcp://[::]:0"));
    const [four, six] = [await startShouting(cleanup), await startShouting(cleanup, "::1")];
    for (const own of ["::1", "127.0.0.1"]) {
      const relay = await associate(await open(port(), own));
      expect([relay.code, relay.host]).to.deep.equal([0, own]);
      const client = await openUdp(cleanup, own);
      for (const [host, server, as] of [
        ["::1", six, "::1"],
        ["six.test", six, "::1"],
        ["127.0.0.1", four, "127.0.0.1"],
        ["both.test", four, "127.0.0.1"],
      ] as const) {
        client.send(socksDatagram(host, server.port, "hi"), relay);
        expect((await client.next()).data.toString("hex"), `${own} ${host}`).to.equal(socksDatagram(as, server.port, "HI").toString("hex"));
      }
    }
  });

  it("sends nothing to targets that are not allowed, the listener, the admin server, or invalid ports and names", async () => {
    const allow = ["127.0.0.1:1-65535", "*.test", "*"];
    const { proxy, api } = await startAdmin(configOf(allow));
    cleanup.add(() => proxy.close());
    const listener = proxy.listeners["socks"]?.address.port ?? 0;
    const control = await open(listener);
    const relay = await associate(control);
    const client = await openUdp(cleanup);
    const server = await startShouting(cleanup);
    // Who would hear it, were it sent.
    const ports = [listener, api.port];
    const heard = await Promise.all(ports.map((port) => openUdp(cleanup, "127.0.0.1", port)));
    const refused = [
      ...ports.map((port) => socksDatagram("127.0.0.1", port, "no")),
      socksDatagram("::1", server.port, "no"),
      socksDatagram("inside.test", 0, "no"),
      socksDatagram("six.test", server.port, "no"),
      socksDatagram("127.0.0.1.2", server.port, "no"),
      socksDatagram("unknown.invalid", server.port, "no"),
      socksDatagram("127.0.0.1", server.port, "no", 1),
      Buffer.from([0, 0, 0]),
      Buffer.from([0, 0, 0, 9, 1, 1, 1, 1, 1, 1]),
      Buffer.from([0, 1, 0, 1, 127, 0, 0, 1, 0, 80]),
    ];
    for (const datagram of refused) client.send(datagram, relay);
    client.send(socksDatagram("127.0.0.1", server.port, "yes"), relay);
    expect(String((await client.next()).data.subarray(10))).to.equal("YES");
    const [session] = [...proxy.sessions];
    await eventually(() => {
      expect(session?.fromClient.chunks).to.equal(refused.length + 1);
    });
    control.end();
    await readAll(control);
    expect(server.waiting, "only what is allowed arrived").to.equal(1);
    expect(heard.map(({ waiting }) => waiting)).to.deep.equal([0, 0]);
  });

  it("accepts datagrams only from the client, and answers only from targets that it has sent to", async () => {
    const { port, ended } = await start(configOf(["127.0.0.1"]));
    const server = await startShouting(cleanup);
    const control = await open(port());
    const client = await openUdp(cleanup);
    const relay = await associate(control, { host: "127.0.0.1", port: client.port });
    const [stranger, unasked] = [await openUdp(cleanup), await openUdp(cleanup)];
    stranger.send(socksDatagram("127.0.0.1", server.port, "stolen"), relay);
    client.send(socksDatagram("127.0.0.1", server.port, "mine"), relay);
    expect(String((await client.next()).data.subarray(10))).to.equal("MINE");
    const source = (await server.next()).from;
    unasked.send(Buffer.from("forged"), { host: "127.0.0.1", port: source.port });
    client.send(socksDatagram("127.0.0.1", server.port, "again"), relay);
    expect(String((await client.next()).data.subarray(10))).to.equal("AGAIN");
    control.end();
    await readAll(control);
    const { relay: record } = await ended();
    expect(record?.dropped).to.deep.equal({ stranger: 2 });
    expect(client.waiting + stranger.waiting).to.equal(0);
  });

  it("uses the port of the first datagram if the client named none, or one of another address", async () => {
    const { port } = await start(configOf(["127.0.0.1"]));
    const server = await startShouting(cleanup);
    for (const claimed of [undefined, { host: "10.0.0.7", port: 4_000 }]) {
      const relay = await associate(await open(port()), claimed);
      const [first, second] = [await openUdp(cleanup), await openUdp(cleanup)];
      first.send(socksDatagram("127.0.0.1", server.port, "one"), relay);
      expect(String((await first.next()).data.subarray(10))).to.equal("ONE");
      second.send(socksDatagram("127.0.0.1", server.port, "two"), relay);
      first.send(socksDatagram("127.0.0.1", server.port, "three"), relay);
      expect(String((await first.next()).data.subarray(10))).to.equal("THREE");
      expect(second.waiting).to.equal(0);
    }
  });

  it("ends with its connection, and closes its sockets", async () => {
    const { proxy, port, ended } = await start(configOf(["127.0.0.1"]));
    const server = await startShouting(cleanup);
    for (const leave of ["end", "resetAndDestroy", "close"] as const) {
      const control = await open(port());
      const relay = await associate(control);
      const client = await openUdp(cleanup);
      client.send(socksDatagram("127.0.0.1", server.port, "hi"), relay);
      await client.next();
      if (leave === "close") [...proxy.sessions].at(-1)?.close();
      else control[leave]();
      await eventually(async () => {
        // The port is free: nobody listens at it.
        const again = await openUdp(cleanup, "127.0.0.1", relay.port);
        expect(again.port).to.equal(relay.port);
      });
    }
    expect((await ended("SLUICE_CLIENT_RESET")).relay?.targets).to.have.length(1);
  });

  it("continues after a reload, resolves names by the current config, and counts its bytes in its session", async () => {
    const { proxy, api } = await startAdmin(configOf(["*.test", "127.0.0.1"]));
    cleanup.add(() => proxy.close());
    const server = await startShouting(cleanup);
    const control = await open(proxy.listeners["socks"]?.address.port ?? 0);
    const relay = await associate(control);
    const client = await openUdp(cleanup);
    const ask = async (host: string): Promise<string> => {
      client.send(socksDatagram(host, server.port, "hi"), relay);
      return String((await client.next()).data.subarray(10));
    };
    expect(await ask("inside.test")).to.equal("HI");
    const admin = { listen: "tcp://127.0.0.1:0" };
    await proxy.apply({ ...configOf(["127.0.0.1", "*.test"]), admin, dns: { hosts: { "new.test": ["127.0.0.1"] } } });
    expect(await ask("inside.test"), "a target in use").to.equal("HI");
    expect(await ask("new.test"), "a name of the new config").to.equal("HI");
    await proxy.apply({ admin, listeners: { socks: { listen: "tcp://127.0.0.1:0", upstream: "127.0.0.1:9" } } });
    expect(await ask("127.0.0.1"), "without the plugin").to.equal("HI");
    const [session] = [...proxy.sessions];
    expect([session?.fromClient.chunks, session?.fromUpstream.chunks]).to.deep.equal([4, 4]);
    const { body } = await askHttp(api.port, { path: "/metrics", headers: { authorization: `Bearer ${api.token}` } });
    expect(body).to.include('sluice_bytes_total{listener="socks",leg="upstream",direction="receive"} 8');
  });

  it("is served through TLS, with a user name and a password", async () => {
    const certificate = await createCertificate("localhost");
    const users = { ann: "a secret of hers" };
    const { port } = await start({
      listeners: {
        socks: {
          listen: "tls://127.0.0.1:0",
          plugins: [tlsTermination({ cert: certificate.cert, key: certificate.key }), socks5({ allow: ["127.0.0.1"], users })],
        },
      },
    });
    const server = await startShouting(cleanup);
    const control = cleanup.keep(connectTls({ port: port(), host: "127.0.0.1", servername: "localhost", ca: certificate.cert }));
    await eventOf(control, "secureConnect");
    const login = Buffer.concat([Buffer.from([1, 3]), Buffer.from("ann"), Buffer.from([users.ann.length]), Buffer.from(users.ann)]);
    control.write(Buffer.concat([Buffer.from([5, 1, 2]), login, Buffer.from([5, 3, 0]), socksAddress("0.0.0.0", 0)]));
    expect([...(await readBytes(control, 4))]).to.deep.equal([5, 2, 1, 0]);
    const relay = await readReply(control);
    const client = await openUdp(cleanup);
    client.send(socksDatagram("127.0.0.1", server.port, "hi"), relay);
    expect(String((await client.next()).data.subarray(10))).to.equal("HI");
  });

  it("limits the associations of a listener to limits.udpSessions, and frees their slots", async () => {
    const { port } = await start(configOf(["127.0.0.1"], { limits: { udpSessions: 1 } }));
    const first = await open(port());
    expect((await associate(first)).code).to.equal(0);
    const second = await open(port());
    expect((await associate(second)).code).to.equal(1);
    first.destroy();
    await eventually(async () => {
      expect((await associate(await open(port()))).code).to.equal(0);
    });
  });

  it("forgets a target to which nothing was sent for timeouts.udpIdle, and ends after timeouts.idle", async () => {
    const { port, ended } = await start(configOf(["127.0.0.1"], { timeouts: { udpIdle: 100, idle: 600 } }));
    const server = await openUdp(cleanup);
    const control = await open(port());
    const relay = await associate(control);
    const client = await openUdp(cleanup);
    client.send(socksDatagram("127.0.0.1", server.port, "hi"), relay);
    const { from } = await server.next();
    const late = setInterval(() => server.send(Buffer.from("late"), { host: "127.0.0.1", port: from.port }), 150);
    cleanup.add(() => clearInterval(late));
    const record = await ended("SLUICE_IDLE_TIMEOUT");
    expect(record.relay?.dropped["stranger"]).to.be.above(0);
    expect(client.waiting).to.equal(0);
  });

  it("lets 64 datagrams wait in order for the look-up of a name, and drops further ones", async () => {
    const found = new Subject<void>();
    const slow = plugin("slow", {
      resolve: (lookup) =>
        found.pipe(
          take(1),
          switchMap(() => lookup),
        ),
    });
    const { port, ended } = await start({
      ...names,
      listeners: { socks: { listen: "tcp://127.0.0.1:0", plugins: [slow, socks5({ allow: ["127.0.0.1"] })] } },
    });
    const server = await startShouting(cleanup);
    const control = await open(port());
    const relay = await associate(control);
    const client = await openUdp(cleanup);
    for (let index = 0; index < 70; index += 1) client.send(socksDatagram("inside.test", server.port, `a${index}`), relay);
    // Behind them, in the same queue of the kernel's.
    client.send(socksDatagram("127.0.0.1", server.port, "last"), relay);
    expect(String((await client.next()).data.subarray(10))).to.equal("LAST");
    found.next();
    for (let index = 0; index < 64; index += 1) expect(String((await client.next()).data.subarray(10))).to.equal(`A${index}`);
    control.end();
    expect((await ended()).relay?.dropped).to.deep.equal({ waiting: 6 });
  });

  it("is refused on a unix socket, whose client has no address", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sluice-socks-"));
    cleanup.add(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, "socks.sock");
    const { ended } = await start(configOf(["127.0.0.1"], {}, `unix://${path}`));
    const control = await connect({ path });
    expect((await associate(control)).code).to.equal(7);
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_PROTOCOL");
  });
});
