import { expect } from "chai";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer, type TlsOptions, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import type { UpstreamTlsConfig } from "sluice";
import { tlsTermination } from "sluice/plugins";
import { upstreamTarget } from "../../core/contract/upstream/upstream-target.ts";
import { eventOf } from "../support/bounded.ts";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { connectSecurely, exchange, exchangeOnce } from "../support/exchange.ts";
import { portOf } from "../support/sockets.ts";
import { startProxy, type TestProxy } from "../support/with-proxy.ts";

const run = promisify(execFile);
const cleanup = createCleanup();
afterEach(() => cleanup.run());

let authority: TestCertificate;
let leaf: TestCertificate;
before(async () => {
  authority = await createCertificate("Test CA", { authority: true });
  leaf = await createCertificate("upstream.test", { ca: authority });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sluice-trust-"));
  cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Echo {
  readonly endpoint: string;
  readonly sockets: TLSSocket[];
  /** For each connection, whether it resumed a session. */
  readonly resumed: boolean[];
}

async function startEcho(options: TlsOptions, address = "127.0.0.1", port = 0): Promise<Echo> {
  const sockets: TLSSocket[] = [];
  const resumed: boolean[] = [];
  const server = createServer({ ...options, allowHalfOpen: true } as TlsOptions, (socket) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
    resumed.push(socket.isSessionReused());
    socket.pipe(socket);
  });
  server.on("tlsClientError", () => undefined);
  server.listen(port, address);
  await eventOf(server, "listening");
  cleanup.add(() => void server.close());
  return { endpoint: `upstream.test:${portOf(server)}`, sockets, resumed };
}

async function startTowards({ endpoint }: Echo, tls: UpstreamTlsConfig | boolean): Promise<TestProxy> {
  const started = await startProxy({
    dns: { hosts: { "upstream.test": ["127.0.0.1"] } },
    listeners: { web: { listen: "tcp://127.0.0.1:0", upstream: { endpoints: [endpoint], tls } } },
  });
  cleanup.add(() => started.proxy.close());
  return started;
}

/** What a client gets back for a text: the text, or "" where it was closed. */
const answerOf = (proxy: TestProxy): Promise<string> => exchangeOnce(proxy.port(), "hello").catch(() => "");

describe("the trust in a TLS upstream", function () {
  this.timeout(30_000);

  for (const variable of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_DIR"]) {
    it(`includes the system's CAs: ${variable}, also CAs that are added later`, async () => {
      const folder = temporaryFolder();
      const bundle = join(folder, "bundle.pem");
      writeFileSync(bundle, (await createCertificate("Other CA", { authority: true })).cert);
      const { [variable]: before } = process.env;
      process.env[variable] = variable === "SSL_CERT_DIR" ? folder : bundle;
      cleanup.add(() => {
        if (before === undefined) delete process.env[variable];
        else process.env[variable] = before;
      });
      const proxy = await startTowards(await startEcho(leaf), true);
      expect(await answerOf(proxy)).to.equal("");
      writeFileSync(bundle, authority.cert);
      if (variable === "SSL_CERT_DIR") writeFileSync(join(folder, "another.pem"), "");
      await eventually(async () => expect(await answerOf(proxy)).to.equal("hello"));
    });
  }

  it("may be in the upstream's own certificate, or in a CA that is not a root", async () => {
    const proxy = await startTowards(await startEcho(leaf), { ca: leaf.cert });
    expect(await answerOf(proxy)).to.equal("hello");
    const other = await startTowards(await startEcho(await createCertificate("upstream.test", { ca: authority })), { ca: leaf.cert });
    expect(await answerOf(other)).to.equal("");
  });

  it("follows renewed files of the CA and of the client's own certificate, and keeps the old ones if the new are unusable", async () => {
    const folder = temporaryFolder();
    const put = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 });
    const [first, second] = [
      await createCertificate("one.test", { ca: authority }),
      await createCertificate("two.test", { ca: authority }),
    ];
    put("ca.pem", authority.cert);
    put("cert.pem", first.cert);
    put("key.pem", first.key);
    const echo = await startEcho({ ...leaf, ca: authority.cert, requestCert: true });
    const tls = { ca: join(folder, "ca.pem"), cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
    const proxy = await startTowards(echo, tls);
    const shown = async (): Promise<unknown> => {
      expect(await answerOf(proxy)).to.equal("hello");
      return echo.sockets.at(-1)?.getPeerCertificate().subject.CN;
    };
    expect(await shown()).to.equal("one.test");
    put("cert.pem", second.cert);
    expect(await shown(), "without its key").to.equal("one.test");
    put("key.pem", second.key);
    await eventually(async () => expect(await shown()).to.equal("two.test"));
    put("ca.pem", leaf.key);
    expect(await shown()).to.equal("two.test");
  });

  it("is established once: later connections resume the session", async () => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const echo = await startEcho({ ...leaf, maxVersion });
      const proxy = await startTowards(echo, { ca: authority.cert });
      for (const _ of [1, 2, 3]) expect(await answerOf(proxy)).to.equal("hello");
      expect(echo.resumed).to.deep.equal([false, true, true]);
    }
  });

  it("is established once with each of several servers of one name, whose sessions differ", async () => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const one = await startEcho({ ...leaf, maxVersion });
      const two = await startEcho({ ...leaf, maxVersion });
      const three = await startEcho({ ...leaf, maxVersion }, "127.0.0.2", Number(two.endpoint.split(":")[1]));
      const { proxy, port } = await startProxy({
        dns: { hosts: { "upstream.test": ["127.0.0.1"], "both.test": ["127.0.0.1", "127.0.0.2"] } },
        listeners: {
          endpoints: {
            listen: "tcp://127.0.0.1:0",
            upstream: { endpoints: [one.endpoint, two.endpoint], balance: "round-robin", tls: { ca: authority.cert } },
          },
          addresses: {
            listen: "tcp://127.0.0.1:0",
            upstream: {
              endpoints: [two.endpoint.replace("upstream", "both")],
              balance: "round-robin",
              tls: { ca: authority.cert, serverName: "upstream.test" },
            },
          },
        },
      });
      cleanup.add(() => proxy.close());
      for (const _ of [1, 2, 3, 4]) expect(await exchangeOnce(port("endpoints"), "hello")).to.equal("hello");
      expect([one.resumed, two.resumed], `endpoints, ${maxVersion}`).to.deep.equal([
        [false, true],
        [false, true],
      ]);
      two.resumed.length = 0;
      for (const _ of [1, 2, 3, 4]) expect(await exchangeOnce(port("addresses"), "hello")).to.equal("hello");
      expect([two.resumed, three.resumed], `addresses, ${maxVersion}`).to.deep.equal([
        [false, true],
        [false, true],
      ]);
    }
  });

  it("is established again for each connection with resume: false", async () => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      const echo = await startEcho({ ...leaf, maxVersion });
      const proxy = await startTowards(echo, { ca: authority.cert, resume: false });
      for (const _ of [1, 2, 3]) expect(await answerOf(proxy)).to.equal("hello");
      expect(echo.resumed, maxVersion).to.deep.equal([false, false, false]);
    }
  });

  it("includes a client key with a passphrase", async function () {
    requireTool(this, "openssl");
    const folder = temporaryFolder();
    const own = await createCertificate("client.test", { ca: authority });
    writeFileSync(join(folder, "plain.key"), own.key, { mode: 0o600 });
    const key = join(folder, "locked.key");
    await run("openssl", ["pkcs8", "-topk8", "-in", join(folder, "plain.key"), "-out", key, "-passout", "pass:secret"]);
    const echo = await startEcho({ ...leaf, ca: authority.cert, requestCert: true });
    const proxy = await startTowards(echo, { ca: authority.cert, cert: own.cert, key, passphrase: "secret" });
    expect(await answerOf(proxy)).to.equal("hello");
    const refusal = await startTowards(echo, { cert: own.cert, key: readFileSync(key, "utf8") }).then(() => "started", String);
    expect(refusal).to.include("upstream.tls.key").and.to.include('see the option "passphrase"');
  });

  it("accepts no port in a server name, and requires a server name for a unix socket", () => {
    const refusalOf = (endpoints: string[], tls: UpstreamTlsConfig | boolean): string => {
      try {
        upstreamTarget({ endpoints, tls });
        return "taken";
      } catch (error) {
        return String(error);
      }
    };
    for (const serverName of ["example.com:123", "exa mple", "a..b", "", "[::1]", "https://a.test"])
      expect(refusalOf(["a.test:1"], { serverName }), serverName).to.include("tls.serverName");
    for (const serverName of ["example.com", "Example.COM.", "_x.test", "::1", "10.0.0.1", "localhost"])
      expect(refusalOf(["a.test:1"], { serverName }), serverName).to.equal("taken");
    expect(refusalOf(["unix:/run/a"], true)).to.include("tls: a unix socket has no name");
    expect(refusalOf(["unix:/run/a"], { serverName: "a.test" })).to.equal("taken");
    expect(refusalOf(["unix:/run/a"], { verify: false })).to.equal("taken");
  });
});

describe("the protocol that was negotiated with a client through ALPN", () => {
  async function between(
    upstreamAlpn: readonly string[] | undefined,
  ): Promise<{ echo: Echo; agreed: (offer: string[]) => Promise<unknown> }> {
    const echo = await startEcho({ ...leaf, ALPNProtocols: ["h2", "http/1.1"] });
    const server = await createCertificate("localhost");
    const started = await startProxy({
      dns: { hosts: { "upstream.test": ["127.0.0.1"] } },
      listeners: {
        web: {
          listen: "tls://127.0.0.1:0",
          upstream: {
            endpoints: [echo.endpoint],
            tls: { ca: authority.cert, ...(upstreamAlpn === undefined ? {} : { alpn: upstreamAlpn }) },
          },
          plugins: [tlsTermination({ ...server, alpn: ["h2", "http/1.1"] })],
        },
      },
    });
    cleanup.add(() => started.proxy.close());
    const agreed = async (offer: string[]): Promise<unknown> => {
      const ALPNProtocols = offer.length === 0 ? {} : { ALPNProtocols: offer };
      const client = await connectSecurely(started.port(), { ca: server.cert, servername: "localhost", ...ALPNProtocols });
      expect(await exchange(client, "hello")).to.equal("hello");
      client.destroy();
      return echo.sockets.at(-1)?.alpnProtocol;
    };
    return { echo, agreed };
  }

  it("is offered to the upstream, so that both sides use the same protocol", async () => {
    const { agreed } = await between(undefined);
    expect(await agreed(["http/1.1"])).to.equal("http/1.1");
    expect(await agreed(["h2", "http/1.1"])).to.equal("h2");
    expect(await agreed([])).to.equal(false);
  });

  it("is not offered if the upstream's option names other protocols", async () => {
    const { agreed } = await between(["http/1.1"]);
    expect(await agreed(["h2"])).to.equal("http/1.1");
  });

  it("is not offered if the upstream's option names none", async () => {
    const { agreed } = await between([]);
    expect(await agreed(["h2"])).to.equal(false);
  });
});
