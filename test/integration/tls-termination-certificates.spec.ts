import { expect } from "chai";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { createProxy, type Proxy } from "sluice";
import { echo, tlsTermination } from "sluice/plugins";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { eventually } from "../support/eventually.ts";
import { requireTool } from "../support/external-tool.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { configText, followConfig, withLiveConfig } from "../support/live-config.ts";
import { recordLog, type RecordedLog } from "../support/recorded-log.ts";

const run = promisify(execFile);
const day = 86_400_000;

describe("The certificates of tlsTermination", function () {
  this.timeout(30_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());

  function temporaryFolder(): string {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-tls-")));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }

  async function start(options: Parameters<typeof tlsTermination>[0]): Promise<{ proxy: Proxy; port: number; log: RecordedLog }> {
    const log = recordLog();
    const config = { listeners: { web: { listen: "tls://127.0.0.1:0", plugins: [tlsTermination(options), echo()] } } };
    const proxy = cleanup.keep(await createProxy(config, { logger: log.logger }));
    return { proxy, port: proxy.listeners["web"]?.address.port ?? 0, log };
  }

  const selfSigned = configText('web: { listen: "tls://127.0.0.1:0", plugins: [tlsTermination({ selfSigned: ["localhost"] }), echo()] }');

  it("of a local CA are accepted by a client that trusts .sluice/ca.pem, by name and by address", async () => {
    await withLiveConfig({ "proxy.config.ts": selfSigned }, async (folder) => {
      const ca = readFileSync(join(folder.folder, ".sluice/ca.pem"), "utf8");
      expect(statSync(join(folder.folder, ".sluice/ca-key.pem")).mode & 0o777).to.equal(0o600);
      for (const servername of ["localhost", "127.0.0.1"]) {
        const socket = await connectSecurely(folder.port("web"), { ca, ...(servername === "localhost" ? { servername } : {}) });
        expect(socket.authorized).to.equal(true);
        expect(await exchange(socket, "secret")).to.equal("secret");
        socket.destroy();
      }
      const refused = await connectSecurely(folder.port("web"), { servername: "localhost" }).catch((error: { code: string }) => error.code);
      expect(refused, "without trusting the CA").to.match(/UNABLE_TO|SELF_SIGNED/);
    });
  });

  it("of a local CA pass OpenSSL's strict verification", async function () {
    const openssl = requireTool(this, "openssl");
    await withLiveConfig({ "proxy.config.ts": selfSigned }, async (folder) => {
      const ca = join(folder.folder, ".sluice/ca.pem");
      const socket = await connectSecurely(folder.port("web"), { ca: readFileSync(ca), servername: "localhost" });
      const leaf = join(folder.folder, "leaf.der");
      writeFileSync(leaf, socket.getPeerCertificate().raw);
      socket.destroy();
      const { stdout } = await run(openssl, ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", ca, leaf]);
      expect(stdout).to.match(/leaf\.der: OK/);
    });
  });

  it("of a local CA are still trusted after a restart", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "proxy.config.ts");
    writeFileSync(file, selfSigned);
    const trusted: string[] = [];
    for (let turn = 0; turn < 2; turn += 1) {
      const live = await followConfig(file, false);
      trusted.push(readFileSync(join(folder, ".sluice/ca.pem"), "utf8"));
      const socket = await connectSecurely(live.proxy.listeners["web"]?.address.port ?? 0, {
        ca: trusted[0] ?? "",
        servername: "localhost",
      });
      expect(socket.authorized).to.equal(true);
      socket.destroy();
      await live.proxy.close();
    }
    expect(trusted[1]).to.equal(trusted[0]);
  });

  it("are chosen by the name that the client asks for, in upper or lower case; otherwise the first one is used", async () => {
    const [one, two, wild] = await Promise.all([
      createCertificate("one.test"),
      createCertificate("two.test"),
      createCertificate("*.wild.test"),
    ]);
    const certificates = [
      { names: ["one.test"], ...one },
      { names: ["two.test"], ...two },
      { names: ["*.wild.test"], ...wild },
    ];
    const { port } = await start({ certificates });
    const shown = async (servername: string): Promise<string> => {
      const socket = await connectSecurely(port, { rejectUnauthorized: false, servername });
      const { subject } = socket.getPeerCertificate();
      socket.destroy();
      return String(subject.CN);
    };
    expect(await shown("two.test")).to.equal("two.test");
    expect(await shown("Two.TEST")).to.equal("two.test");
    expect(await shown("deep.wild.test")).to.equal("*.wild.test");
    expect(await shown("unknown.test")).to.equal("one.test");
  });

  it("are chosen by the address that a client without SNI connected to, also on a wildcard listener", async () => {
    const [first, address] = await Promise.all([createCertificate("first.test"), createCertificate("127.0.0.1")]);
    const certificates = [
      { names: ["first.test"], ...first },
      { names: ["127.0.0.1"], ...address },
    ];
    for (const listen of ["tls://127.0.0.1:0", "tls://0.0.0.0:0", "tls://[::]:0"]) {
      const plugins = [tlsTermination({ certificates }), echo()];
      const proxy = cleanup.keep(await createProxy({ listeners: { web: { listen, plugins } } }, { logger: recordLog().logger }));
      const socket = await connectSecurely(proxy.listeners["web"]?.address.port ?? 0, { ca: address.cert });
      expect(socket.getPeerCertificate().subject.CN, listen).to.equal("127.0.0.1");
      socket.destroy();
    }
  });

  it("are refused at start if no client would accept them, with the file and the reason", async () => {
    const folder = temporaryFolder();
    const [good, other] = await Promise.all([createCertificate("localhost"), createCertificate("localhost")]);
    const expired = await createCertificate("localhost", {
      notBefore: new Date(Date.now() - 2 * day),
      notAfter: new Date(Date.now() - day),
    });
    const early = await createCertificate("localhost", { notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 2 * day) });
    const cases = [
      { ...expired, says: /expired/i },
      { ...early, says: /not (yet )?valid|not before|begins/i },
      { cert: good.cert, key: other.key, says: /does not match/ },
      { cert: "no certificate", key: good.key, says: /PEM/ },
    ];
    for (const { cert, key, says } of cases) {
      writeFileSync(join(folder, "cert.pem"), cert);
      writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
      const refusal = await start({ cert: join(folder, "cert.pem"), key: join(folder, "key.pem") }).then(() => "started", String);
      expect(refusal).to.match(says).and.include("SLUICE_CERTIFICATE_INVALID").and.include(folder);
    }
  });

  it("that expire within 14 days cause a warning, and are served", async () => {
    const { cert, key } = await createCertificate("localhost", { notAfter: new Date(Date.now() + 5 * day) });
    const { port, log } = await start({ cert, key });
    (await connectSecurely(port, { ca: cert, servername: "localhost" })).destroy();
    expect(log.records.some(({ level, msg }) => level === 40 && /expire|ends/i.test(String(msg)))).to.equal(true);
  });

  it("that change on disk are used for new clients while open connections continue, and an invalid one is refused", async () => {
    const folder = temporaryFolder();
    const authority = await createCertificate("ca.test", { authority: true });
    const ca = authority.cert;
    const [first, second] = await Promise.all([1, 2].map(() => createCertificate("localhost", { ca: authority })));
    if (first === undefined || second === undefined) throw new Error("no certificates");
    const fingerprint = new X509Certificate(second.cert).fingerprint256;
    const shown = async (): Promise<string> => {
      const socket = await connectSecurely(port, { ca, servername: "localhost" });
      const { fingerprint256 } = socket.getPeerCertificate();
      socket.destroy();
      return fingerprint256;
    };
    const write = ({ cert, key }: { cert: string; key: string }): void => {
      writeFileSync(join(folder, "cert.pem"), cert);
      writeFileSync(join(folder, "key.pem"), key, { mode: 0o600 });
    };
    write(first);
    const { port, log } = await start({ cert: join(folder, "cert.pem"), key: join(folder, "key.pem") });
    const live = await connectSecurely(port, { ca, servername: "localhost" });
    const load = new AbortController();
    const failures: string[] = [];
    // Handshakes under way all the time: none may fail, whichever certificate it meets.
    const loading = (async () => {
      while (!load.signal.aborted) {
        await shown().catch((error: unknown) => failures.push(String(error)));
      }
    })();
    write(second);
    await eventually(async () => expect(await shown()).to.equal(fingerprint));
    expect(await exchange(live, "live")).to.equal("live");
    write({ cert: "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n", key: second.key });
    await eventually(() => expect(log.records.some(({ msg }) => /refused/.test(String(msg)))).to.equal(true));
    expect(await shown()).to.equal(fingerprint);
    expect(await exchange(live, "still live")).to.equal("still live");
    load.abort();
    await loading;
    expect(failures).to.deep.equal([]);
    live.destroy();
  });
});
