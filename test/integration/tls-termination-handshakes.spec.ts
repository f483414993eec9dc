import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { createProxy, definePlugin, type Hooks, type Proxy, type ProxyEvent, type Session } from "sluice";
import { echo, tlsTermination } from "sluice/plugins";
import { tap } from "rxjs";
import { startUpstream } from "sluice/testing";
import { createLogger } from "../../core/runtime/log/logger.ts";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { temporaryFolder } from "../support/real-peer.ts";
import { revocationList } from "../support/revocation-list.ts";
import { closeOf, connect } from "../support/sockets.ts";

const logger = createLogger({ level: "silent" });
const day = 86_400_000;
const codeOf = (error: { code?: string }): string => error.code ?? "no code";

/** What a real client begins with. */
async function clientHello(): Promise<Buffer> {
  let hear: (hello: Buffer) => void = () => undefined;
  const heard = new Promise<Buffer>((resolve) => (hear = resolve));
  const upstream = await startUpstream((socket) => void socket.once("data", hear));
  const client = connectTls({ port: upstream.port, host: "127.0.0.1", servername: "localhost" });
  client.on("error", () => undefined);
  try {
    return await heard;
  } finally {
    client.destroy();
    await upstream.close();
  }
}

describe("tlsTermination", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  let server: TestCertificate;
  before(async () => {
    server = await createCertificate("localhost");
  });
  afterEach(() => cleanup.run());

  interface Bench {
    readonly proxy: Proxy;
    readonly port: number;
    readonly sessions: Session[];
    readonly reasons: string[];
  }

  async function start(options: object = {}): Promise<Bench> {
    const sessions: Session[] = [];
    const watch = definePlugin("watch", (): Hooks => ({ admit: (arrival) => arrival.pipe(tap((session) => sessions.push(session))) }));
    const plugins = [tlsTermination({ ...server, ...options }), watch(), echo()];
    const proxy = cleanup.keep(await createProxy({ listeners: { web: { listen: "tls://127.0.0.1:0", plugins } } }, { logger }));
    const reasons: string[] = [];
    proxy.events.subscribe((event: ProxyEvent) => {
      if (event.type === "session-ended") reasons.push(event.record.reason);
    });
    return { proxy, port: proxy.listeners["web"]?.address.port ?? 0, sessions, reasons };
  }

  const trusting = { servername: "localhost" } as const;

  for (const version of ["TLSv1", "TLSv1.1"] as const) {
    it(`refuses ${version}, and harms no other session`, async () => {
      const { port, reasons } = await start();
      // Security level 0 lets the client, not the server, speak the old version.
      const old = { ...trusting, ca: server.cert, minVersion: version, maxVersion: version, ciphers: "DEFAULT@SECLEVEL=0" } as const;
      expect(await connectSecurely(port, old).catch(codeOf)).to.equal("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
      await eventually(() => expect(reasons).to.deep.equal(["SLUICE_CLIENT_TLS"]));
      const socket = await connectSecurely(port, { ...trusting, ca: server.cert });
      expect(await exchange(socket, "fine")).to.equal("fine");
      socket.destroy();
    });
  }

  for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
    it(`supports ${version}, and reports the negotiated values to later plugins`, async () => {
      const { port, sessions } = await start({ alpn: ["h2", "echo/1"] });
      const options = {
        ...trusting,
        ca: server.cert,
        minVersion: version,
        maxVersion: version,
        ALPNProtocols: ["echo/1", "other"],
      } as const;
      const socket = await connectSecurely(port, options);
      expect(await exchange(socket, "secret")).to.equal("secret");
      expect(socket.alpnProtocol).to.equal("echo/1");
      expect(sessions[0]?.tls).to.include({ serverName: "localhost", version, protocol: "echo/1" });
      expect(sessions[0]?.tls?.alpn).to.deep.equal(["echo/1", "other"]);
      socket.destroy();
    });
  }

  it("reports the server name to later plugins, also on a tcp:// listener", async () => {
    const names: unknown[] = [];
    const watch = definePlugin("watch", (): Hooks => ({ admit: (arrival) => arrival.pipe(tap(({ tls }) => names.push(tls?.serverName))) }));
    const plugins = [tlsTermination(server), watch(), echo()];
    const proxy = cleanup.keep(await createProxy({ listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } }, { logger }));
    for (const servername of ["LocalHost", ""]) {
      const socket = await connectSecurely(proxy.listeners["web"]?.address.port ?? 0, { servername, rejectUnauthorized: false });
      expect(await exchange(socket, "hello")).to.equal("hello");
      socket.destroy();
    }
    expect(names).to.deep.equal(["localhost", undefined]);
  });

  it("refuses TLS 1.2 if minVersion is TLSv1.3", async () => {
    const { port } = await start({ minVersion: "TLSv1.3" });
    expect(await connectSecurely(port, { ...trusting, ca: server.cert, maxVersion: "TLSv1.2" }).catch(codeOf)).to.match(/PROTOCOL_VERSION/);
  });

  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    for (const [resume, expected] of [
      [true, [false, true]],
      [false, [false, false]],
    ] as const) {
      it(`${resume ? "lets a client resume its session" : "makes a full handshake each time with resume: false"}, over ${maxVersion}`, async () => {
        const { port, sessions } = await start({ resume });
        let session: Buffer | undefined;
        for (const _ of [1, 2]) {
          const socket = connectTls({ port, ca: server.cert, servername: "localhost", maxVersion, ...(session && { session }) });
          cleanup.add(() => void socket.destroy());
          socket.on("session", (given: Buffer) => (session = given));
          // A ticket of TLS 1.3 comes before the first data.
          expect(await exchange(socket, "hello")).to.equal("hello");
        }
        expect(sessions.map(({ tls }) => tls?.resumed)).to.deep.equal(expected);
      });
    }
  }

  it("refuses renegotiation by the client", async () => {
    const { port } = await start();
    const socket = await connectSecurely(port, { ...trusting, ca: server.cert, maxVersion: "TLSv1.2" });
    expect(await exchange(socket, "before")).to.equal("before");
    const refused = new Promise<Error | null>((resolve) => {
      socket.once("error", resolve);
      socket.renegotiate({ rejectUnauthorized: false }, resolve);
    });
    expect(await refused).to.be.instanceOf(Error);
    socket.destroy();
  });

  for (const [what, bytes] of [
    ["plain HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")],
    ["64 bytes of 0xff", Buffer.alloc(64, 0xff)],
  ] as const) {
    it(`closes the connection on ${what}, counts this, and continues to serve`, async () => {
      const { port, reasons } = await start();
      const socket = await connect(port);
      socket.write(bytes);
      socket.on("end", () => socket.end());
      await closeOf(socket);
      await eventually(() => expect(reasons).to.deep.equal(["SLUICE_CLIENT_TLS"]));
      (await connectSecurely(port, { ...trusting, ca: server.cert })).destroy();
    });
  }

  it("closes clients that stall in the handshake, every one of them", async () => {
    const { proxy, port, reasons } = await start({ handshakeTimeout: "200ms" });
    const stalled = await Promise.all(Array.from({ length: 20 }, () => connect(port)));
    await eventually(() => expect(proxy.sessions.size).to.equal(20));
    for (const socket of stalled) socket.on("end", () => socket.end());
    // A ClientHello, and then silence.
    const hello = await clientHello();
    for (const socket of stalled) socket.write(hello);
    await Promise.all(stalled.map((socket) => closeOf(socket)));
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
    expect(reasons).to.deep.equal(Array(20).fill("SLUICE_CLIENT_TIMEOUT"));
  });

  it("counts the ClientHello as part of the handshake, also for a client that sends none of it", async () => {
    const { proxy, port, reasons } = await start({ handshakeTimeout: "200ms" });
    const clients = await Promise.all(["", "16", "1603010200"].map(async (begin) => ({ socket: await connect(port), begin })));
    for (const { socket, begin } of clients) socket.on("end", () => socket.end()).write(Buffer.from(begin, "hex"));
    await Promise.all(clients.map(({ socket }) => closeOf(socket, 5_000)));
    await eventually(() => expect(proxy.sessions.size).to.equal(0));
    expect(reasons).to.deep.equal(Array(3).fill("SLUICE_CLIENT_TIMEOUT"));
  });

  it("uses timeouts.handshake if it has no timeout of its own", async () => {
    const plugins = [tlsTermination(server), echo()];
    const config = { timeouts: { handshake: "200ms" }, listeners: { web: { listen: "tcp://127.0.0.1:0", plugins } } } as const;
    const proxy = cleanup.keep(await createProxy(config, { logger }));
    const socket = await connect(proxy.listeners["web"]?.address.port ?? 0);
    socket.on("end", () => socket.end()).write(await clientHello());
    await closeOf(socket, 5_000);
  });

  it("refuses a session in which two plugins terminate TLS, and does not hang", async () => {
    const plugins = [tlsTermination(server), tlsTermination(server), echo()];
    const proxy = cleanup.keep(await createProxy({ listeners: { web: { listen: "tls://127.0.0.1:0", plugins } } }, { logger }));
    const reasons: string[] = [];
    proxy.events.subscribe((event: ProxyEvent) => {
      if (event.type === "session-ended") reasons.push(event.record.reason);
    });
    const socket = await connectSecurely(proxy.listeners["web"]?.address.port ?? 0, { ...trusting, ca: server.cert });
    await closeOf(socket);
    await eventually(() => expect(reasons).to.deep.equal(["SLUICE_INTERNAL"]));
  });

  describe("with clientAuth", () => {
    let ca: TestCertificate;
    let otherCa: TestCertificate;
    before(async () => {
      [ca, otherCa] = await Promise.all([
        createCertificate("ca.test", { authority: true }),
        createCertificate("other.test", { authority: true }),
      ]);
    });

    /** What a client meets: in TLS 1.3 it learns of its refusal only after its own handshake. */
    async function outcomeOf(port: number, client: TestCertificate | undefined, name: object = trusting): Promise<string> {
      const nameless = { checkServerIdentity: () => undefined };
      const socket = await connectSecurely(port, { ...nameless, ...name, ca: server.cert, ...client }).catch(codeOf);
      if (typeof socket === "string") return socket;
      const answer = await exchange(socket, "hello").catch(codeOf);
      socket.destroy();
      return answer;
    }

    it("refuses a client without a certificate, with one of another CA, and with an expired one", async () => {
      const { port, sessions, reasons } = await start({ clientAuth: { ca: ca.cert } });
      const stranger = await createCertificate("client.test", { ca: otherCa });
      const expired = await createCertificate("client.test", {
        ca,
        notBefore: new Date(Date.now() - 2 * day),
        notAfter: new Date(Date.now() - day),
      });
      for (const client of [undefined, stranger, expired]) {
        expect(await outcomeOf(port, client)).to.not.equal("hello");
      }
      expect(sessions).to.deep.equal([]);
      await eventually(() => expect(reasons).to.deep.equal(Array(3).fill("SLUICE_CLIENT_TLS")));
    });

    it("serves a client with a certificate of its CA, and reports the client's identity to later plugins", async () => {
      const { port, sessions } = await start({ clientAuth: { ca: ca.cert } });
      expect(await outcomeOf(port, await createCertificate("client.test", { ca }))).to.equal("hello");
      expect(sessions[0]?.tls?.clientCertificate?.subject.CN).to.equal("client.test");
    });

    it("with require: false serves clients without a certificate, unidentified, and still refuses an untrusted one", async () => {
      const { port, sessions, reasons } = await start({ clientAuth: { ca: ca.cert, require: false } });
      expect(await outcomeOf(port, undefined)).to.equal("hello");
      expect(await outcomeOf(port, await createCertificate("client.test", { ca: otherCa }))).to.not.equal("hello");
      await eventually(() => expect(reasons).to.include("SLUICE_CLIENT_TLS"));
      expect(await outcomeOf(port, await createCertificate("client.test", { ca }))).to.equal("hello");
      expect(sessions.map(({ tls }) => tls?.clientCertificate?.subject.CN)).to.deep.equal([undefined, "client.test"]);
    });

    it("with require: false a client without a certificate stays unidentified when it resumes its session", async () => {
      const { port, sessions } = await start({ clientAuth: { ca: ca.cert, require: false } });
      const first = await connectSecurely(port, { ...trusting, ca: server.cert });
      let session: Buffer | undefined;
      first.on("session", (given) => (session = given));
      expect(await exchange(first, "hello")).to.equal("hello");
      first.destroy();
      expect(await outcomeOf(port, undefined, { ...trusting, session })).to.equal("hello");
      expect(sessions.map(({ tls }) => [tls?.resumed, tls?.clientCertificate])).to.deep.equal([
        [false, undefined],
        [true, undefined],
      ]);
    });

    it("refuses a client as soon as the revocation list has its certificate, also if it could resume a session", async () => {
      const [client, other] = await Promise.all([createCertificate("client.test", { ca }), createCertificate("other.test", { ca })]);
      const crl = join(temporaryFolder(cleanup), "crl.pem");
      writeFileSync(crl, await revocationList(ca));
      const { port, reasons } = await start({ clientAuth: { ca: ca.cert, crl } });
      const first = await connectSecurely(port, { ...trusting, ca: server.cert, ...client });
      let session: Buffer | undefined;
      first.on("session", (given) => (session = given));
      expect(await exchange(first, "hello")).to.equal("hello");
      first.destroy();
      writeFileSync(crl, await revocationList(ca, [client]));
      await eventually(async () => expect(await outcomeOf(port, client)).to.not.equal("hello"));
      expect(await outcomeOf(port, client, { ...trusting, session }), "with its session").to.not.equal("hello");
      expect(reasons).to.include("SLUICE_CLIENT_TLS");
      expect(await outcomeOf(port, other)).to.equal("hello");
    });

    it("accepts a CA below a root, or a client's own certificate, as a trust anchor", async () => {
      const own = await createCertificate("client.test", { ca });
      const { port } = await start({ clientAuth: { ca: own.cert } });
      expect(await outcomeOf(port, own)).to.equal("hello");
      expect(await outcomeOf(port, own, {}), "a client that sends no name").to.equal("hello");
      expect(await outcomeOf(port, await createCertificate("client.test", { ca }))).to.not.equal("hello");
    });
  });
});
