import { expect } from "chai";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import type { PluginUse, SluiceConfig } from "sluice";
import { route, startTls, tlsTermination } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { mailServer } from "../support/mail-server.ts";
import { runTool } from "../support/real-peer.ts";
import { connect, readAll, readBytes } from "../support/sockets.ts";

const sslRequest = Buffer.from("0000000804d2162f", "hex");
const gssRequest = Buffer.from("0000000804d21630", "hex");

describe("startTls", function () {
  this.timeout(20_000);
  const cleanup = createCleanup();
  let certificate: TestCertificate;
  before(async () => (certificate = await createCertificate("localhost")));
  afterEach(() => cleanup.run());

  const start = (use: PluginUse, behave: Parameters<typeof startForward>[1], optional = false): Promise<Forward> =>
    startForward(cleanup, behave, { plugins: [use, tlsTermination({ ...certificate, optional })] });
  const open = async (port: number): Promise<Socket> => cleanup.keep(await connect(port));
  /** Goes on in TLS. */
  const secure = async (below: Socket, alpn?: string): Promise<Socket> => {
    const socket = connectTls({ socket: below, rejectUnauthorized: false, ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }) });
    socket.on("error", () => undefined);
    await bounded(once(socket, "secureConnect"), "the handshake");
    return socket;
  };
  const lines = async (socket: Socket, count: number): Promise<string> => {
    let text = "";
    while (text.split("\r\n").length <= count) text += String(await readBytes(socket, 1));
    return text;
  };

  describe("postgres", () => {
    it("answers SSLRequest, also after GSSAPI was refused, and accepts TLS that begins at once", async () => {
      const { port } = await start(startTls({ protocol: "postgres" }), "echo");
      for (const steps of [
        [[sslRequest, "S"]],
        [
          [gssRequest, "N"],
          [sslRequest, "S"],
        ],
        [],
      ] as const) {
        const below = await open(port());
        for (const [said, answer] of steps) {
          below.write(said);
          expect(String(await readBytes(below, 1))).to.equal(answer);
        }
        expect(await exchange(await secure(below), "hello")).to.equal("hello");
      }
    });

    it("discards bytes that were sent in plain text after the request", async () => {
      const { port } = await start(startTls({ protocol: "postgres" }), "echo");
      const below = await open(port());
      below.write(Buffer.concat([sslRequest, Buffer.from("evil")]));
      expect(String(await readBytes(below, 1))).to.equal("S");
      expect(await exchange(await secure(below), "good")).to.equal("good");
    });

    it("leaves a client that continues in plain text to tlsTermination: it is served if TLS is optional, otherwise refused", async () => {
      const startup = Buffer.from("0000000f0003000075736572007800", "hex");
      const optional = await start(startTls({ protocol: "postgres" }), "echo", true);
      const served = await open(optional.port());
      served.write(startup);
      expect((await readBytes(served, startup.length)).equals(startup)).to.equal(true);
      const strict = await start(startTls({ protocol: "postgres" }), "echo");
      const refused = await open(strict.port());
      refused.end(startup);
      await readAll(refused).catch(() => undefined);
      expect((await strict.ended()).reason).to.equal("SLUICE_CLIENT_TLS");
      expect(strict.upstream.connections).to.equal(0);
    });

    it("passes on a request to cancel a query, which clients send without TLS", async () => {
      const { port } = await start(startTls({ protocol: "postgres" }), "echo");
      const client = await open(port());
      const cancel = Buffer.from("0000001004d2162e0000002a0badcafe", "hex");
      client.write(cancel);
      expect((await readBytes(client, cancel.length)).equals(cancel)).to.equal(true);
    });
  });

  for (const protocol of ["smtp", "imap"] as const) {
    const begin = protocol === "smtp" ? ["EHLO a\r\n", "STARTTLS\r\n"] : ["a CAPABILITY\r\n", "b starttls\r\n"];
    const answers = protocol === "smtp" ? [2, 3, 1] : [1, 2, 1];

    describe(protocol, () => {
      it("passes the upstream's banner, offers STARTTLS, and begins TLS", async () => {
        const said: string[] = [];
        const { port, ended } = await start(startTls({ protocol }), mailServer(said, protocol));
        const below = await open(port());
        const banner = await lines(below, answers[0] ?? 0);
        expect(banner).to.match(
          protocol === "smtp" ? /^220-mx.test\r\n220 ready/ : /^\* OK \[CAPABILITY STARTTLS IMAP4rev1 LOGINDISABLED\] ready/,
        );
        below.write(begin[0] ?? "");
        expect(await lines(below, answers[1] ?? 0)).to.match(/STARTTLS/);
        below.write(begin[1] ?? "");
        expect(await lines(below, 1)).to.match(/^(220|b OK) /);
        const socket = await secure(below);
        socket.write(protocol === "smtp" ? "EHLO b\r\n" : "c NOOP\r\n");
        expect(await lines(socket, 1)).to.match(/^250-mx|^c OK/);
        expect(said).to.deep.equal(protocol === "smtp" ? ["EHLO a", "EHLO b"] : ["a CAPABILITY", "c NOOP"]);
        socket.destroy();
        expect((await ended()).upstream).to.match(/^127\.0\.0\.1:/);
      });

      it("discards bytes that were sent in plain text after STARTTLS", async () => {
        const said: string[] = [];
        const { port } = await start(startTls({ protocol }), mailServer(said, protocol));
        const below = await open(port());
        await lines(below, answers[0] ?? 0);
        below.write(protocol === "smtp" ? "STARTTLS\r\nMAIL FROM:<evil>\r\n" : "a STARTTLS\r\nx LOGIN evil evil\r\n");
        await lines(below, 1);
        const socket = await secure(below);
        socket.write(protocol === "smtp" ? "NOOP\r\n" : "b NOOP\r\n");
        await lines(socket, 1);
        expect(said.join()).to.not.include("evil");
      });

      it("serves a client that continues in plain text if TLS is optional", async () => {
        const said: string[] = [];
        const { port } = await start(startTls({ protocol }), mailServer(said, protocol), true);
        const socket = await open(port());
        await lines(socket, answers[0] ?? 0);
        socket.write(protocol === "smtp" ? "MAIL FROM:<a>\r\n" : "a LOGIN a b\r\n");
        expect(await lines(socket, 1)).to.match(/^250 ok|^a OK/);
        expect(said).to.have.lengthOf(1);
      });

      it("works with openssl s_client -starttls", async function () {
        const openssl = requireTool(this, "openssl");
        const { port } = await start(startTls({ protocol }), mailServer([], protocol));
        const { stdout } = await runTool(openssl, ["s_client", "-connect", `127.0.0.1:${port()}`, "-starttls", protocol, "-brief"]);
        const { stderr } = await runTool(openssl, ["s_client", "-connect", `127.0.0.1:${port()}`, "-starttls", protocol, "-brief"]);
        expect(stdout + stderr).to.match(/CONNECTION ESTABLISHED|Protocol version: TLSv1\.3/);
      });
    });
  }

  it("ends a session whose upstream cannot be reached, or sends nothing", async () => {
    const refused = await start(startTls({ protocol: "smtp" }), "refuse");
    expect(String(await readAll(await open(refused.port())))).to.equal("");
    expect((await refused.ended()).reason).to.equal("SLUICE_UPSTREAM_REFUSED");
    const silent = await start(startTls({ protocol: "imap", timeout: "60ms" }), "hang");
    expect(String(await readAll(await open(silent.port())))).to.equal("");
    expect((await silent.ended()).reason).to.equal("SLUICE_UPSTREAM_TIMEOUT");
  });

  it("closes the connection to the upstream if the client leaves in the middle", async () => {
    const { port, ended, upstream } = await start(startTls({ protocol: "smtp" }), mailServer([], "smtp"));
    const socket = await open(port());
    await lines(socket, 2);
    socket.resetAndDestroy();
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
    await eventually(() => expect(upstream.sockets.size).to.equal(0));
  });

  it("ends a session for which another upstream is chosen after the client has heard from the first one", async () => {
    const said: string[] = [];
    const { port, ended } = await startForward(cleanup, mailServer(said, "smtp"), {
      plugins: [
        startTls({ protocol: "smtp" }),
        tlsTermination(certificate),
        route({ routes: [{ serverName: "a.test", upstream: "127.0.0.1:9" }] }),
      ],
    });
    const begin = async (servername: string): Promise<Socket> => {
      const socket = await open(port());
      await lines(socket, 2);
      socket.write("STARTTLS\r\n");
      await lines(socket, 1);
      return connectTls({ socket, servername, rejectUnauthorized: false }).on("error", () => undefined);
    };
    (await begin("a.test")).write("NOOP a\r\n");
    const { reason, message } = await ended();
    expect([reason, message?.includes("put the plugin that chooses it in front")]).to.deep.equal(["SLUICE_PLUGIN_FAILED", true]);
    const other = await begin("b.test");
    other.write("NOOP b\r\n");
    expect(await lines(other, 1)).to.equal("250 ok\r\n");
    expect(said).to.deep.equal(["NOOP b"]);
  });

  it("is refused where it has no meaning", async () => {
    const listen = "tls://127.0.0.1:0";
    const error: unknown = await startForward(cleanup, "echo", { plugins: [startTls({ protocol: "smtp" })], listener: { listen } }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).to.match(/SLUICE_CONFIG_INVALID/);
  });

  for (const protocol of ["postgres", "smtp", "imap"] as const) {
    it(`works towards an upstream: tls.startTls "${protocol}"`, async () => {
      const inner = await startForward(cleanup, protocol === "postgres" ? "echo" : mailServer([], protocol), {
        plugins: [startTls({ protocol }), tlsTermination(certificate)],
      });
      const upstream = { endpoints: [`localhost:${inner.port()}`], tls: { ca: certificate.cert, startTls: protocol } };
      const outer = await startForward(cleanup, "refuse", { listener: { upstream } });
      const socket = await open(outer.port());
      if (protocol === "postgres") expect(await exchange(socket, "hello")).to.equal("hello");
      else {
        expect(await lines(socket, protocol === "smtp" ? 2 : 1)).to.match(/^220-mx.test|^\* OK/);
        socket.write(protocol === "smtp" ? "NOOP\r\n" : "a NOOP\r\n");
        expect(await lines(socket, 1)).to.match(/^250 ok|^a OK/);
      }
      expect([...inner.proxy.sessions][0]?.tls?.version).to.equal("TLSv1.3");
    });
  }

  for (const [what, said] of Object.entries({
    "refuses it": "N",
    "says more than was asked": "Sevil",
    "speaks something else": "HTTP/1.1 400\r\n",
  })) {
    it(`ends the session if the upstream ${what}`, async () => {
      const started = await startForward(cleanup, (socket) => void socket.once("data", () => socket.write(said)), {});
      const config: SluiceConfig = started.config([], {
        upstream: { endpoints: [started.upstream.endpoint], tls: { verify: false, startTls: "postgres" } },
      });
      await started.proxy.apply(config);
      expect(String(await readAll(await open(started.port())))).to.equal("");
      expect((await started.ended()).reason).to.equal("SLUICE_UPSTREAM_TLS");
    });
  }
});

describe("tlsTermination that is optional", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  for (const transport of ["tcp", "tls"]) {
    it(`serves TLS and plain text on one port, on ${transport}://`, async () => {
      const use = tlsTermination({ ...(await createCertificate("localhost")), optional: true });
      const { port, ended, proxy } = await startForward(cleanup, "echo", {
        plugins: [use],
        listener: { listen: `${transport}://127.0.0.1:0` },
      });
      const plain = await connect(port());
      expect(await exchange(plain, "plain")).to.equal("plain");
      expect([...proxy.sessions].map(({ tls }) => tls?.version)).to.deep.equal([undefined]);
      plain.destroy();
      const secured = await connectSecurely(port(), { rejectUnauthorized: false });
      expect(await exchange(secured, "secret")).to.equal("secret");
      secured.destroy();
      await ended();
      const broken = await connect(port());
      broken.write(Buffer.of(22, 3, 1, 0, 8, 0xff, 0, 0, 4, 0, 0, 0, 0));
      await readAll(broken).catch(() => undefined);
      expect((await ended("SLUICE_CLIENT_TLS")).reason).to.equal("SLUICE_CLIENT_TLS");
    });
  }
});
