import { expect } from "chai";
import { from, map, switchMap } from "rxjs";
import type { PluginUse, ServerTlsOptions } from "sluice";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { Duplex } from "node:stream";
import { eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { startForward } from "../support/forward.ts";
import type { Forward } from "../support/forward.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { breakOf } from "../support/reset.ts";
import { shapes } from "../support/shapes.ts";
import { connect, readBytes, sha256 } from "../support/sockets.ts";
import { digestOf, send } from "../support/transfer.ts";
import { plugin } from "../support/with-proxy.ts";
import type { Socket } from "node:net";
import type { UpstreamKind } from "sluice/testing";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

const securing = (options: ServerTlsOptions): PluginUse =>
  plugin("securing", {
    admit: (arrival, session) =>
      arrival.pipe(
        switchMap(() => from(session.startTls(options))),
        map(() => session),
      ),
  });

async function start(
  behave: UpstreamKind | ((socket: Socket) => void),
  plugins: readonly PluginUse[] = [],
  more: ServerTlsOptions = {},
  transport = "tls",
): Promise<Forward & { readonly open: (options?: ConnectionOptions) => Promise<TLSSocket> }> {
  const certificate = await createCertificate("localhost");
  const forward = await startForward(cleanup, behave, {
    listener: { listen: `${transport}://127.0.0.1:0` },
    plugins: [securing({ ...certificate, minVersion: "TLSv1.2", ...more }), ...plugins],
  });
  return {
    ...forward,
    async open(options = {}) {
      const raw = await connect(forward.port());
      const client = connectTls({ socket: raw, servername: "localhost", ca: certificate.cert, ...options });
      client.on("error", () => undefined);
      cleanup.add(() => {
        client.destroy();
        raw.destroy();
      });
      await eventOf(client, "secureConnect");
      return client;
    },
  };
}

describe("TLS terminated by a plugin [data path]", () => {
  for (const [shape, plugins] of Object.entries(shapes)) {
    it(`carries 4 MiB in both directions, and the client's FIN before the answer's end, with ${shape}`, async () => {
      const bytes = randomMebibytes(4);
      const { open, ended } = await start("echo", plugins());
      const client = await open();
      const [echoed] = await Promise.all([digestOf(client), send(client, [bytes])]);
      expect(echoed.sha256).to.equal(sha256(bytes));
      expect((await ended()).reason).to.equal("closed");
    });
  }

  it("delivers the whole answer that an upstream sends after the client's FIN", async () => {
    const answer = randomMebibytes(10);
    const { open } = await start((socket) => void socket.resume().once("end", () => socket.end(answer)));
    const client = await open();
    client.end("question");
    expect((await digestOf(client)).sha256).to.equal(sha256(answer));
  });

  for (const transport of ["tls", "tcp"]) {
    it(`reports the offered and the negotiated values to plugins and events, on ${transport}://`, async () => {
      const { open, event } = await start("echo", [], { ALPNProtocols: ["h2"] }, transport);
      await open({ ALPNProtocols: ["h2", "http/1.1"] });
      const { session } = await event("session-started");
      await eventually(() =>
        expect(session.tls).to.deep.include({
          serverName: "localhost",
          alpn: ["h2", "http/1.1"],
          versions: ["TLSv1.3", "TLSv1.2"],
          version: "TLSv1.3",
          protocol: "h2",
        }),
      );
    });
  }

  it("passes an upstream's reset on as a reset of the connection below TLS", async () => {
    let upstreamSide: Socket | undefined;
    const { port, ended, open } = await start((socket) => (upstreamSide = socket.resume()));
    expect(port()).to.be.above(0);
    const client = await open();
    client.write("hello");
    await eventually(() => expect(upstreamSide?.bytesRead).to.equal(5));
    const broken = new Promise<string | undefined>(
      (resolve) => void client.once("error", (error: NodeJS.ErrnoException) => resolve(error.code)),
    );
    upstreamSide?.resetAndDestroy();
    expect(await broken).to.equal("ECONNRESET");
    expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_RESET");
  });

  it("passes a client's reset below TLS on as a reset", async () => {
    let upstreamSide: Socket | undefined;
    const { port, ended } = await start((socket) => (upstreamSide = socket));
    const raw = await connect(port());
    const client = connectTls({ socket: raw, servername: "localhost", rejectUnauthorized: false });
    client.on("error", () => undefined);
    client.write("hello");
    await eventually(() => expect(upstreamSide).to.not.equal(undefined));
    await readBytes(upstreamSide as Socket, 5);
    raw.resetAndDestroy();
    expect(await breakOf(upstreamSide as Socket)).to.equal("ECONNRESET");
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_RESET");
  });

  it("refuses a client that supports at most TLS 1.1, and continues to serve", async () => {
    const { port, ended, open } = await start("echo");
    const raw = await connect(port());
    const client = connectTls({
      socket: raw,
      servername: "localhost",
      rejectUnauthorized: false,
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
      ciphers: "DEFAULT:@SECLEVEL=0",
    });
    const refused = new Promise<string | undefined>(
      (resolve) => void client.once("error", (error: NodeJS.ErrnoException) => resolve(error.code)),
    );
    expect(await refused).to.equal("ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION");
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_TLS");
    raw.destroy();
    const next = await open();
    next.write("hello");
    expect(String(await readBytes(next, 5))).to.equal("hello");
  });

  it("ends a handshake that does not finish in time", async () => {
    const { port, ended, proxy } = await start("echo", [], { handshakeTimeout: 100 });
    const client = await connect(port());
    client.write(await clientHello());
    await breakOf(client);
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_TIMEOUT");
    expect(proxy.sessions.size).to.equal(0);
    client.destroy();
  });
});

/** The first bytes of a TLS client. */
function clientHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({
      read: () => undefined,
      write: (chunk: Buffer, _encoding, done) => {
        resolve(chunk);
        done();
      },
    });
    connectTls({ socket: wire, servername: "localhost" }).on("error", () => undefined);
  });
}
