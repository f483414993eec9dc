import { expect } from "chai";
import { once } from "node:events";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { tap } from "rxjs";
import type { ListenerConfig, PluginUse } from "sluice";
import { proxyProtocol, tlsTermination } from "sluice/plugins";
import { bounded } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { exchange } from "../support/exchange.ts";
import { startForward, type Forward } from "../support/forward.ts";
import { version1, version2 } from "../support/proxy-header.ts";
import { closeOf, connect } from "../support/sockets.ts";
import { plugin } from "../support/with-proxy.ts";

const trusted = ["127.0.0.0/8"];

describe("proxyProtocol before TLS", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const start = (use: PluginUse, plugins: readonly PluginUse[] = [], listener: Partial<ListenerConfig> = {}): Promise<Forward> =>
    startForward(cleanup, "echo", { plugins: [use, ...plugins], listener });
  const open = async (port: number): Promise<Socket> => cleanup.keep(await connect(port));

  for (const transport of ["tcp", "tls"] as const) {
    it(`leaves the rest to the tlsTermination after it, on ${transport}://`, async () => {
      const certificate = await createCertificate("localhost");
      const listener = { listen: `${transport}://127.0.0.1:0` };
      const { port, ended } = await start(proxyProtocol({ from: trusted }), [tlsTermination(certificate)], listener);
      for (const [at, header] of [Buffer.from(version1()), version2()].entries()) {
        const below = await open(port());
        below.write(header);
        const socket = connectTls({ socket: below, servername: "localhost", rejectUnauthorized: false });
        await bounded(once(socket, "secureConnect"), "the handshake");
        expect(await exchange(socket, `secret ${at}`)).to.equal(`secret ${at}`);
        socket.end();
        await closeOf(socket);
      }
      expect((await ended("closed")).client).to.equal("192.0.2.1:50000");
    });
  }

  it("accepts a header and a ClientHello in one segment, or cut anywhere", async () => {
    const certificate = await createCertificate("localhost");
    const { port, all } = await start(proxyProtocol({ from: trusted }), [tlsTermination(certificate)], { listen: "tls://127.0.0.1:0" });
    const below = await open(port());
    below.cork();
    below.write(version2());
    const socket = connectTls({ socket: below, servername: "localhost", rejectUnauthorized: false });
    setImmediate(() => below.uncork());
    await bounded(once(socket, "secureConnect"), "the handshake");
    expect(await exchange(socket, "secret")).to.equal("secret");
    expect(all("session-started")[0]?.session.tls?.serverName).to.equal("localhost");
  });

  it("reports the server name of TLS that is passed through", async () => {
    const certificate = await createCertificate("inner.test");
    const names: (string | undefined)[] = [];
    const note = plugin("note", {
      admit: (arrival) => arrival.pipe(tap(({ tls, client }) => names.push(tls?.serverName, String(client)))),
    });
    const inner = await startForward(cleanup, "echo", {
      plugins: [tlsTermination(certificate)],
      listener: { listen: "tls://127.0.0.1:0" },
    });
    const outer = await startForward(cleanup, "echo", {
      plugins: [proxyProtocol({ from: trusted }), note],
      listener: { listen: "tls://127.0.0.1:0", upstream: `127.0.0.1:${inner.port()}` },
    });
    const below = await open(outer.port());
    below.write(version1());
    const socket = connectTls({ socket: below, servername: "inner.test", ca: certificate.cert });
    await bounded(once(socket, "secureConnect"), "the handshake");
    expect(await exchange(socket, "secret")).to.equal("secret");
    expect(names).to.deep.equal(["inner.test", "192.0.2.1:50000"]);
    socket.destroy();
  });

  it("is not looked for inside TLS", async () => {
    const certificate = await createCertificate("localhost");
    const { port, ended } = await start(proxyProtocol({ from: trusted }), [tlsTermination(certificate)], { listen: "tls://127.0.0.1:0" });
    const socket = connectTls({ port: port(), host: "127.0.0.1", servername: "localhost", rejectUnauthorized: false });
    socket.on("error", () => undefined);
    await closeOf(socket);
    expect((await ended()).reason).to.equal("SLUICE_CLIENT_PROTOCOL");
  });
});
