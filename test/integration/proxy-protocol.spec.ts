import { expect } from "chai";
import type { Socket } from "node:net";
import { tap } from "rxjs";
import type { ListenerConfig, PluginUse, Session, SluiceConfig } from "sluice";
import { http, logging, proxyHeader, proxyProtocol, rateLimit } from "sluice/plugins";
import { createProxy } from "sluice";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/exchange.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { startHttpUpstream } from "../support/http-upstream.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { head, tlv, version1, version2 } from "../support/proxy-header.ts";
import { recordLog } from "../support/recorded-log.ts";
import { requireIpv6 } from "../support/require-ipv6.ts";
import { closeOf, connect, readAll, readBytes } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const trusted = ["127.0.0.0/8", "::1", "unix"];
const elsewhere = ["192.0.2.0/24"];

describe("proxyProtocol", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const start = (use: PluginUse, plugins: readonly PluginUse[] = [], listener: Partial<ListenerConfig> = {}): Promise<Forward> =>
    startForward(cleanup, "echo", { plugins: [use, ...plugins], listener });
  const open = async (to: Parameters<typeof connect>[0]): Promise<Socket> => cleanup.keep(await connect(to));

  for (const [version, header] of Object.entries({ v1: Buffer.from(version1()), v2: version2({ tlvs: tlv(0x02, "a.test") }) })) {
    it(`removes a header of ${version} that comes in one piece with the bytes after it`, async () => {
      const { port, ended } = await start(proxyProtocol({ from: trusted }));
      const socket = await open(port());
      socket.end(Buffer.concat([header, Buffer.from("hello")]));
      expect(String(await readAll(socket))).to.equal("hello");
      expect((await ended("closed")).client).to.equal("192.0.2.1:50000");
    });

    it(`removes a header of ${version} that is cut at each of its bytes`, async () => {
      const { port, all } = await start(proxyProtocol({ from: trusted }));
      await Promise.all(
        Array.from({ length: header.length }, async (_, at) => {
          const socket = await open(port());
          socket.write(header.subarray(0, at));
          // Two writes are two segments: Nagle's algorithm is off, and the first was sent when the event loop turns.
          await new Promise((resolve) => setImmediate(resolve));
          socket.end(Buffer.concat([header.subarray(at), Buffer.from(`after ${at}`)]));
          expect(String(await readAll(socket))).to.equal(`after ${at}`);
        }),
      );
      await eventually(() => expect(all("session-ended")).to.have.lengthOf(header.length));
      expect(new Set(all("session-ended").map(({ record }) => record.client))).to.deep.equal(new Set(["192.0.2.1:50000"]));
    });
  }

  it("passes on a complete large first chunk, and everything after it", async () => {
    const { port } = await start(proxyProtocol({ from: trusted }));
    const socket = await open(port());
    const bulk = Buffer.alloc(3_000_000, "sluice");
    socket.end(Buffer.concat([version2(), bulk]));
    expect((await readAll(socket)).equals(bulk)).to.equal(true);
  });

  for (const [what, header] of Object.entries({
    UNKNOWN: Buffer.from("PROXY UNKNOWN\r\n"),
    LOCAL: version2({ command: 0x20 }),
    UNSPEC: head({ command: 0x21, family: 0, body: Buffer.alloc(0) }),
  })) {
    it(`keeps the connected peer as the client if the header says ${what}`, async () => {
      const { port, ended } = await start(proxyProtocol({ from: trusted }));
      const socket = await open(port());
      socket.write(header);
      expect(await exchange(socket, "x")).to.equal("x");
      socket.destroy();
      expect((await ended()).client).to.match(/^127\.0\.0\.1:/);
    });
  }

  it("ends a session that begins differently, names the reason, and harms no other session", async () => {
    const { port, event } = await start(proxyProtocol({ from: trusted }));
    const other = await open(port());
    other.write(version1());
    expect(await exchange(other, "before")).to.equal("before");
    const wrong = await open(port());
    wrong.write("GET / HTTP/1.1\r\n\r\n");
    expect(String(await readAll(wrong))).to.equal("");
    const { record, error } = await event("session-ended");
    expect(record.reason).to.equal("SLUICE_CLIENT_PROTOCOL");
    const why = /^no PROXY header from 127\.0\.0\.1:\d+, which must send one: it begins with 474554202f20485454502f31$/;
    expect(error?.detail).to.match(why);
    expect(record.message).to.match(why);
    expect(await exchange(other, "after")).to.equal("after");
  });

  it("refuses the first wrong byte without waiting for more", async () => {
    const { port, ended } = await start(proxyProtocol({ from: trusted, timeout: "1m" }));
    const socket = await open(port());
    socket.write("X");
    expect(String(await readAll(socket))).to.equal("");
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_PROTOCOL");
  });

  it("gives a client that sends slowly no more time than a client that sends nothing", async () => {
    const { port, all } = await start(proxyProtocol({ from: trusted, timeout: "150ms" }));
    const sockets = [await open(port()), await open(port())];
    const header = version1();
    let at = 0;
    const drip = setInterval(() => sockets[0]?.write(header[(at += 1)] ?? ""), 20);
    cleanup.add(() => clearInterval(drip));
    sockets[0]?.write("P");
    for (const read of await Promise.all(sockets.map((socket) => readAll(socket)))) expect(String(read)).to.equal("");
    await eventually(() => expect(all("session-ended")).to.have.lengthOf(2));
    expect(all("session-ended").map(({ record }) => record.reason)).to.deep.equal(["SLUICE_CLIENT_TIMEOUT", "SLUICE_CLIENT_TIMEOUT"]);
    expect(all("session-ended")[0]?.error?.message).to.match(/no complete PROXY header from \S+ within 150 ms/);
  });

  for (const [sent, reason] of Object.entries({ "": "SLUICE_CLIENT_RESET", "PROXY TCP4 192": "SLUICE_CLIENT_PROTOCOL" })) {
    it(`ends the session of a client that finishes after ${JSON.stringify(sent)}`, async () => {
      const { port, ended, upstream } = await start(proxyProtocol({ from: trusted }));
      const socket = await open(port());
      socket.end(sent);
      await closeOf(socket);
      expect((await ended()).reason).to.equal(reason);
      expect(upstream.connections).to.equal(0);
    });
  }

  it("sends nothing to a client that reset in the middle, and leaves nothing behind", async () => {
    const { port, proxy, ended } = await start(proxyProtocol({ from: trusted }));
    const socket = await open(port());
    socket.write("PROXY ");
    await eventually(() => expect(proxy.sessions.size).to.equal(1));
    socket.resetAndDestroy();
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
    expect(proxy.sessions.size).to.equal(0);
  });

  describe("from addresses that are not trusted", () => {
    it("serves a client without a header, also at once if the upstream sends first", async () => {
      const plugins = [proxyProtocol({ from: elsewhere, timeout: "1m" })];
      const { port } = await startForward(cleanup, (socket) => void socket.write("220 ready\r\n"), { plugins });
      expect(String(await readBytes(await open(port()), 11))).to.equal("220 ready\r\n");
    });

    it("does not delay bytes that only begin like a header", async () => {
      const { port } = await start(proxyProtocol({ from: elsewhere }));
      const socket = await open(port());
      for (const part of ["P", "R", "OX", "Y", " ", "TCP", "5 and more"]) expect(await exchange(socket, part)).to.equal(part);
      const binary = await open(port());
      expect(await exchange(binary, "\r\n\r\n")).to.equal("\r\n\r\n");
      expect(await exchange(binary, "PROXY TCP4 ")).to.equal("PROXY TCP4 ");
    });

    for (const [version, header] of Object.entries({ v1: Buffer.from(version1()), v2: version2() })) {
      it(`ends a session that begins with a header of ${version}, and the upstream gets none of it`, async () => {
        let got = 0;
        const plugins = [proxyProtocol({ from: elsewhere })];
        const { port, event } = await startForward(cleanup, (socket) => void socket.on("data", (chunk) => (got += chunk.length)), {
          plugins,
        });
        const socket = await open(port());
        socket.write(Buffer.concat([header, Buffer.from("hello")]));
        await closeOf(socket);
        const { record, error } = await event("session-ended");
        expect(record).to.include({ reason: "SLUICE_CLIENT_PROTOCOL" });
        expect(record.client).to.match(/^127\.0\.0\.1:/);
        expect(error?.message).to.include('none of those in "from"');
        expect(got).to.equal(0);
      });

      it(`ends a session also if the header of ${version} comes byte by byte, and during a reload`, async () => {
        const { port, proxy, config, ended } = await start(proxyProtocol({ from: elsewhere }));
        const socket = await open(port());
        for (const byte of header.subarray(0, 5)) expect((await exchange(socket, String.fromCodePoint(byte))).length).to.equal(1);
        await proxy.apply(config([proxyProtocol({ from: [...elsewhere, "198.51.100.0/24"] })]));
        socket.write(header.subarray(5));
        await closeOf(socket);
        expect((await ended()).reason).to.equal("SLUICE_CLIENT_PROTOCOL");
      });
    }

    it("does not look for a header in a session that was open before the plugin was added", async () => {
      const { port, proxy, config } = await start(plugin("none", {}));
      const socket = await open(port());
      expect(await exchange(socket, "first")).to.equal("first");
      await proxy.apply(config([proxyProtocol({ from: elsewhere })]));
      expect(await exchange(socket, version1())).to.equal(version1());
    });
  });

  it("works on unix sockets and over IPv6", async function () {
    requireIpv6(this);
    const path = `${temporaryFolder(cleanup)}/socket`;
    const unix = await start(proxyProtocol({ from: trusted }), [], { listen: `unix://${path}` });
    const six = await start(proxyProtocol({ from: trusted }), [], { listen: "tcp://[::1]:0" });
    for (const [to, { ended }] of [
      [{ path }, unix],
      [{ host: "::1", port: six.port() }, six],
    ] as const) {
      const socket = await open(to);
      socket.end(Buffer.concat([version2({ source: "2001:db8::1" }), Buffer.from("hello")]));
      expect(String(await readAll(socket))).to.equal("hello");
      expect((await ended("closed")).client).to.equal("[2001:db8::1]:50000");
    }
  });

  it("determines the client for limits, the log, and the forwarded headers", async () => {
    const upstream = await startHttpUpstream(cleanup);
    const log = recordLog();
    const plugins = [
      logging(),
      proxyProtocol({ from: trusted }),
      rateLimit({ connections: { rate: 1, per: "1h", burst: 1 } }),
      http({ routes: [{ upstream: upstream.endpoint }] }),
    ];
    const config: SluiceConfig = { limits: { sessionsPerClient: 3 }, listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } };
    const proxy = cleanup.keep(await createProxy(config, { logger: log.logger }));
    const port = proxy.listeners["web"]?.address.port ?? 0;
    const ask = async (source: string): Promise<string> => {
      const socket = await open(port);
      socket.write(Buffer.concat([version2({ source }), Buffer.from("GET / HTTP/1.1\r\nhost: a.test\r\nconnection: close\r\n\r\n")]));
      return String(await readAll(socket).catch(() => ""));
    };
    expect(await ask("192.0.2.1")).to.include('"x-forwarded-for":"192.0.2.1"');
    expect(await ask("192.0.2.1")).to.equal("");
    expect(await ask("192.0.2.2")).to.include('"x-forwarded-for":"192.0.2.2"');
    await eventually(() =>
      expect(log.of("session ended").map(({ client }) => client)).to.include.members(["192.0.2.1:50000", "192.0.2.2:50000"]),
    );
  });

  it("gives the contents of the header to the plugins after it, including extensions", async () => {
    const sessions: Session[] = [];
    const note = plugin("note", { admit: (arrival) => arrival.pipe(tap((session) => sessions.push(session))) });
    const { port } = await start(proxyProtocol({ from: trusted }), [note]);
    const socket = await open(port());
    socket.write(version2({ tlvs: tlv(0xea, "vpce-1") }));
    expect(await exchange(socket, "x")).to.equal("x");
    const [session] = sessions;
    if (session === undefined) throw new Error("no session");
    const header = proxyHeader(session);
    expect(header).to.deep.include({ version: 2, command: "PROXY", tlvs: [{ type: 0xea, value: Buffer.from("vpce-1") }] });
    expect(String(header?.destination)).to.equal("198.51.100.1:443");
    expect(session.notes.get("proxyProtocol")).to.equal(header);
    expect(session.peer.address).to.equal("127.0.0.1");
  });

  it("stays in a session over reloads, and new sessions do not wait for that session", async () => {
    const { port, proxy, config } = await start(proxyProtocol({ from: trusted }));
    const old = await open(port());
    old.write(version1());
    expect(await exchange(old, "one")).to.equal("one");
    const half = await open(port());
    half.write("PROXY TCP4 192.0.2.9 198.51");
    await eventually(() => expect(proxy.sessions.size).to.equal(2));
    await proxy.apply(config([]));
    expect(await exchange(old, "two")).to.equal("two");
    half.write(".100.1 1 2\r\n");
    expect(await exchange(half, "three")).to.equal("three");
    const plain = await open(port());
    expect(await exchange(plain, "four")).to.equal("four");
  });
});
