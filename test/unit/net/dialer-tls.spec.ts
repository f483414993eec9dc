import { expect } from "chai";
import { once } from "node:events";
import { createServer as createTcpServer, type AddressInfo, type Server } from "node:net";
import { createServer, type TLSSocket } from "node:tls";
import { firstValueFrom, of } from "rxjs";
import { SluiceError, type UpstreamTlsConfig } from "../../../core/contract/index.ts";
import { createDialer, type Dialer } from "../../../core/net/dial/dialer.ts";
import { testCertificate, type TestCertificate } from "./certificate.ts";

describe("dialling with TLS", () => {
  let certificate: TestCertificate;
  let addressed: TestCertificate;
  const servers: Server[] = [];

  before(async () => {
    certificate = await testCertificate("api.test");
    addressed = await testCertificate("127.0.0.1");
  });
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  async function listen(server: Server): Promise<number> {
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  }

  const secure = (options: TestCertificate & object, onSecure: (socket: TLSSocket) => void = () => undefined): Promise<number> =>
    listen(
      createServer({ ...options, ALPNProtocols: ["sluice"] }, (socket) => {
        socket.on("error", () => undefined);
        onSecure(socket);
        socket.resume().on("end", () => socket.end());
      }).on("tlsClientError", () => undefined),
    );

  function dialer(port: number, tls: UpstreamTlsConfig, host = "api.test", connectTimeout = 2_000): Dialer {
    return createDialer(
      { endpoints: [{ host, port, text: `${host}:${port}` }], balance: "round-robin", tls },
      { connectTimeout, resolve: () => of([{ address: "127.0.0.1", family: 4, ttl: 1 }]) },
    );
  }

  const codeOf = (port: number, tls: UpstreamTlsConfig, host?: string, timeout?: number): Promise<string> =>
    firstValueFrom(dialer(port, tls, host, timeout).attempts()).then(
      ({ leg }) => {
        leg.destroy();
        return "open";
      },
      (error: unknown) => (SluiceError.is(error) ? error.code : String(error)),
    );

  it("opens a leg to a certificate that is trusted and has the endpoint's name, sending the name and the protocols", async () => {
    const seen: unknown[] = [];
    const port = await secure(certificate, ({ servername, alpnProtocol }) => {
      seen.push({ servername, alpnProtocol });
    });
    const { leg, endpoint } = await firstValueFrom(dialer(port, { ca: certificate.cert, alpn: ["sluice"] }).attempts());
    expect(endpoint).to.equal(`api.test:${port}`);
    await new Promise<void>((resolve) => {
      leg.onClosed = resolve;
      leg.read({ done: true, data: () => true, end: () => undefined, failed: () => undefined });
      leg.end();
    });
    expect(seen).to.deep.equal([{ servername: "api.test", alpnProtocol: "sluice" }]);
  });

  it("refuses a certificate that is not trusted, or has another name, for good", async () => {
    const port = await secure(certificate);
    expect(await codeOf(port, {})).to.equal("SLUICE_UPSTREAM_TLS");
    expect(await codeOf(port, { ca: certificate.cert }, "other.test")).to.equal("SLUICE_UPSTREAM_TLS");
    expect(await codeOf(port, { ca: certificate.cert }, "127.0.0.1")).to.equal("SLUICE_UPSTREAM_TLS");
  });

  it("verifies the configured name instead, or an IP address, or nothing when told so", async () => {
    const port = await secure(certificate);
    expect(await codeOf(port, { ca: certificate.cert, serverName: "api.test" }, "127.0.0.1")).to.equal("open");
    expect(await codeOf(await secure(addressed), { ca: addressed.cert }, "127.0.0.1")).to.equal("open");
    expect(await codeOf(port, { verify: false }, "other.test")).to.equal("open");
  });

  it("shows its client certificate", async () => {
    const port = await secure({ ...certificate, requestCert: true, ca: certificate.cert } as TestCertificate);
    expect(await codeOf(port, { ca: certificate.cert, cert: certificate.cert, key: certificate.key })).to.equal("open");
  });

  it("calls an upstream that closes during the handshake a reset, and one that does not speak TLS a TLS error", async () => {
    const closing = await listen(createTcpServer((socket) => socket.on("error", () => undefined).once("data", () => socket.end())));
    expect(await codeOf(closing, {})).to.equal("SLUICE_UPSTREAM_RESET");
    const plain = await listen(createTcpServer((socket) => socket.on("error", () => undefined).end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    expect(await codeOf(plain, {})).to.equal("SLUICE_UPSTREAM_TLS");
  });

  it("closes the connection when its subscriber leaves during the handshake", async () => {
    let left = (): void => undefined;
    let gone: Promise<unknown> | undefined;
    const port = await listen(
      createTcpServer((socket) => {
        gone = once(socket.on("error", () => undefined).resume(), "close");
        left();
      }),
    );
    await new Promise<void>((resolve) => {
      const leaver = dialer(port, {})
        .attempts()
        .subscribe({ next: () => expect.fail("it had left") });
      left = () => {
        leaver.unsubscribe();
        resolve();
      };
    });
    await gone;
  });

  it("ends a handshake that never ends at the connect timeout, and closes the connection", async () => {
    let gone: Promise<unknown> = Promise.reject(new Error("nobody connected"));
    gone.catch(() => undefined);
    const port = await listen(
      createTcpServer((socket) => {
        gone = once(socket.on("error", () => undefined).resume(), "close");
      }),
    );
    expect(await codeOf(port, {}, "api.test", 100)).to.equal("SLUICE_UPSTREAM_TIMEOUT");
    await gone;
  });
});
