import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import type { UpstreamHttp } from "sluice";
import { eventOf } from "../support/bounded.ts";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { ask } from "../support/http-client.ts";
import { startHttpProxy } from "../support/http-proxy.ts";

describe("A kept connection to a TLS upstream", () => {
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  const versions: readonly UpstreamHttp[] = ["1.1", "2"];
  for (const http of versions)
    it(`of HTTP/${http} is not used again once a certificate, or what is trusted, has been renewed`, async () => {
      const authority = await createCertificate("CA", { authority: true });
      const [server, one, two] = await Promise.all(
        ["localhost", "one.test", "two.test"].map((name) => createCertificate(name, { ca: authority })),
      );
      const folder = mkdtempSync(join(tmpdir(), "sluice-renewed-"));
      cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
      const put = (name: string, text = ""): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
      const upstream = createSecureServer({ ...server, ca: authority.cert, requestCert: true, allowHTTP1: true }, (request, response) => {
        const { socket } = request.httpVersionMajor === 2 ? (request.stream.session ?? request) : request;
        response.end([(socket as TLSSocket).getPeerCertificate().subject.CN].join(""));
      }).listen(0, "127.0.0.1");
      cleanup.add(() => void upstream.close());
      await eventOf(upstream, "listening");
      put("ca.pem", authority.cert);
      put("cert.pem", one?.cert);
      put("key.pem", one?.key);
      const tls = { ca: join(folder, "ca.pem"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem"), serverName: "localhost" };
      const endpoints = [`127.0.0.1:${(upstream.address() as AddressInfo).port}`];
      const { port } = await startHttpProxy(cleanup, {}, { listener: { upstream: { endpoints, http, tls } } });
      const shown = async (): Promise<string> => (await ask(port())).body;
      expect(await shown()).to.equal("one.test");
      put("cert.pem", two?.cert);
      put("key.pem", two?.key);
      await eventually(async () => expect(await shown()).to.equal("two.test"));
      put("ca.pem", (await createCertificate("other", { authority: true })).cert);
      await eventually(async () => expect((await ask(port())).status).to.equal(502));
    });
});
