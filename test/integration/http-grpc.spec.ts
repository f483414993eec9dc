import { ServerCredentials } from "@grpc/grpc-js";
import { expect } from "chai";
import type { UpstreamOptions } from "sluice";
import { rateLimit, retry, tlsTermination } from "sluice/plugins";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { exchangeOnce } from "../support/exchange.ts";
import { openGrpc, sayTo, startGrpc, type GrpcServer } from "../support/grpc-echo.ts";
import { startHttpProxy, type HttpProxy } from "../support/http-proxy.ts";

/** gRPC through routes of http(), with HTTP/2 on both sides. */
describe("gRPC through http()", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  interface Place {
    readonly server: GrpcServer;
    readonly proxy: HttpProxy;
    readonly address: string;
    readonly ca: string | undefined;
  }

  const ways: Record<string, (...before: Parameters<typeof startHttpProxy>[2][]) => Promise<Place>> = {
    "over h2c on both sides": async (more = {}) => {
      const server = await startGrpc(cleanup);
      const upstream: UpstreamOptions = { endpoints: [server.endpoint], http: "2" };
      const proxy = await startHttpProxy(cleanup, { routes: [{ path: "/test.Echo", upstream }] }, more);
      return { server, proxy, address: `127.0.0.1:${proxy.port("web")}`, ca: undefined };
    },
    "over TLS on both sides, with what ALPN agrees on": async (more = {}) => {
      const certificate = await createCertificate("localhost");
      const { cert, key } = certificate;
      const pairs = [{ cert_chain: Buffer.from(cert), private_key: Buffer.from(key) }];
      const server = await startGrpc(cleanup, ServerCredentials.createSsl(null, pairs));
      const upstream: UpstreamOptions = { endpoints: [`localhost:${server.port}`], tls: { ca: cert }, http: "auto" };
      const before = [...(more.before ?? []), tlsTermination({ ...certificate, alpn: ["h2"] })];
      const proxy = await startHttpProxy(
        cleanup,
        { routes: [{ path: "/test.Echo", upstream }] },
        { ...more, before, listener: { listen: "tls://127.0.0.1:0" } },
      );
      return { server, proxy, address: `localhost:${proxy.port("web")}`, ca: cert };
    },
  };

  for (const [way, start] of Object.entries(ways)) {
    it(`passes unary calls ${way}: metadata, errors, sizes`, async () => {
      const { server, address, ca } = await start({ before: [retry(), rateLimit({ requests: { rate: 1000 } })] });
      const client = openGrpc(cleanup, address, ca);
      const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => sayTo(client, `hello ${at}`)));
      expect(answers).to.deep.equal(Array.from({ length: 50 }, (_, at) => `you said hello ${at}`));
      expect(await sayTo(client, "x".repeat(1_000_000))).to.have.lengthOf(1_000_009);
      expect(await sayTo(client, "fail").catch(String)).to.include("FAILED_PRECONDITION: as asked");
      expect(server.calls()).to.equal(52);
    });
  }

  it("refuses a WebSocket to an upstream of HTTP/2, and sends the upstream no other request instead", async () => {
    const server = await startGrpc(cleanup);
    const { port } = await startHttpProxy(cleanup, { routes: [{ upstream: { endpoints: [server.endpoint], http: "2" } }] });
    const head = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    const key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    expect(await exchangeOnce(port("web"), head + key, 12)).to.equal("HTTP/1.1 502");
  });
});
