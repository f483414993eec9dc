import { expect } from "chai";
import { createServer } from "node:tls";
import type { UpstreamTlsConfig } from "sluice";
import { eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import type { TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { randomMebibytes } from "../support/random-bytes.ts";
import { breakOf } from "../support/reset.ts";
import { shapes } from "../support/shapes.ts";
import { connect, portOf, readAll, sha256 } from "../support/sockets.ts";
import { digestOf, send } from "../support/transfer.ts";
import { startProxy } from "../support/with-proxy.ts";
import type { TestProxy } from "../support/with-proxy.ts";
import type { PluginUse } from "sluice";

const cleanup = createCleanup();
afterEach(() => cleanup.run());

let authority: TestCertificate;
before(async () => {
  authority = await createCertificate("Test CA", { authority: true });
});

/** A TLS echo with that certificate, reached as upstream.test through a TCP listener. */
async function start(
  certificate: TestCertificate,
  tls: UpstreamTlsConfig | boolean,
  plugins: readonly PluginUse[] = [],
): Promise<TestProxy> {
  const server = createServer({ ...certificate, allowHalfOpen: true } as object, (socket) => {
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await eventOf(server, "listening");
  cleanup.add(() => void server.close());
  const started = await startProxy({
    dns: { hosts: { "upstream.test": ["127.0.0.1"] } },
    listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints: [`upstream.test:${portOf(server)}`], tls }, plugins } },
  });
  cleanup.add(() => started.proxy.close());
  return started;
}

const dayMs = 86_400_000;

describe("TLS to the upstream [data path]", () => {
  for (const [shape, plugins] of Object.entries(shapes)) {
    it(`carries 4 MiB in both directions and half-close to a verified upstream, with ${shape}`, async () => {
      const bytes = randomMebibytes(4);
      const { port, ended } = await start(await createCertificate("upstream.test", { ca: authority }), { ca: authority.cert }, plugins());
      const client = await connect(port());
      const [echoed] = await Promise.all([digestOf(client), send(client, [bytes])]);
      expect(echoed.sha256).to.equal(sha256(bytes));
      expect((await ended()).reason).to.equal("closed");
    });
  }

  const refused: Readonly<Record<string, () => Promise<TestCertificate>>> = {
    "is for another name": () => createCertificate("other.test", { ca: authority }),
    "signed itself": () => createCertificate("upstream.test"),
    "has expired": () =>
      createCertificate("upstream.test", {
        ca: authority,
        notBefore: new Date(Date.now() - 2 * dayMs),
        notAfter: new Date(Date.now() - dayMs),
      }),
  };
  for (const [name, certificate] of Object.entries(refused)) {
    it(`refuses an upstream whose certificate ${name}, and the client gets no byte`, async () => {
      const { port, ended } = await start(await certificate(), { ca: authority.cert });
      const client = await connect(port());
      client.write("secret");
      await breakOf(client);
      expect(client.bytesRead).to.equal(0);
      expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_TLS");
      client.destroy();
    });

    it(`accepts an upstream whose certificate ${name} with verify: false`, async () => {
      const { port } = await start(await certificate(), { verify: false });
      const client = await connect(port());
      client.end("hello");
      expect(String(await readAll(client))).to.equal("hello");
    });
  }

  it("refuses to start with an expired client certificate, and names its file and the path of the option", async () => {
    const [notBefore, notAfter] = [new Date(Date.now() - 2 * dayMs), new Date(Date.now() - dayMs)];
    const { cert, key } = await createCertificate("client.test", { notBefore, notAfter });
    const refusal = await start(authority, { cert, key }).then(() => "started", String);
    expect(refusal).to.match(/listeners\.web\.upstream\.tls\.cert: .*the certificate expired at .*SLUICE_CERTIFICATE_INVALID/);
  });

  it("refuses protocols that are too long to be sent, and an invalid server name", async () => {
    const refusal = await start(authority, { alpn: ["\u00e9".repeat(128)], serverName: "bad name" }).then(() => "started", String);
    expect(refusal).to.contain("upstream.tls.alpn[0]: expected the name of a protocol");
    expect(refusal).to.contain("upstream.tls.serverName: expected a host name");
  });

  it("does not trust an unknown authority by default", async () => {
    const { port, ended } = await start(await createCertificate("upstream.test", { ca: authority }), true);
    const client = await connect(port());
    await breakOf(client);
    expect((await ended()).reason).to.equal("SLUICE_UPSTREAM_TLS");
    client.destroy();
  });
});
