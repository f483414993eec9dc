import { expect } from "chai";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { createProxy } from "sluice";
import { echo, tlsTermination } from "sluice/plugins";
import { createCertificate, type TestCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { requireTool } from "../support/external-tool.ts";
import { connectSecurely, exchange } from "../support/exchange.ts";
import { recordLog, type RecordedLog } from "../support/recorded-log.ts";

const run = promisify(execFile);

describe("The certificates that tlsTermination chooses", function () {
  this.timeout(60_000);
  const cleanup = createCleanup();
  afterEach(() => cleanup.run());
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "sluice-tls-")));
    cleanup.add(() => rmSync(folder, { recursive: true, force: true }));
  });

  async function start(options: Parameters<typeof tlsTermination>[0], transport = "tls"): Promise<{ port: number; log: RecordedLog }> {
    const log = recordLog();
    const config = { listeners: { web: { listen: `${transport}://127.0.0.1:0`, plugins: [tlsTermination(options), echo()] } } };
    const proxy = cleanup.keep(await createProxy(config, { logger: log.logger }));
    return { port: proxy.listeners["web"]?.address.port ?? 0, log };
  }

  it("are accepted by clients for every name under a wildcard, also directly under a top-level name", async () => {
    const { port } = await start({ selfSigned: ["*.localhost", "*.dev.example"], caFolder: join(folder, "ca") });
    const trusted = ["ca.pem", "ca-public.pem"].map((name) => readFileSync(join(folder, "ca", name), "utf8"));
    for (const servername of ["app.localhost", "API.localhost", "x--y.localhost", "a.dev.example"]) {
      const socket = await connectSecurely(port, { ca: trusted, servername });
      expect([socket.authorized, await exchange(socket, servername)]).to.deep.equal([true, servername]);
      socket.destroy();
    }
    const outside = await connectSecurely(port, { ca: trusted, servername: "a.b.localhost" }).catch(
      (error: { code: string }) => error.code,
    );
    expect(outside).to.equal("ERR_TLS_CERT_ALTNAME_INVALID");
  });

  it("come from the configured folder, relative to the config or not", async () => {
    await start({ selfSigned: ["localhost"], caFolder: join(folder, "one/two") });
    expect(existsSync(join(folder, "one/two/ca.pem"))).to.equal(true);
    expect(existsSync(join(folder, "one/two/.lock"))).to.equal(false);
  });

  async function rsaPair(passphrase?: string): Promise<TestCertificate> {
    const [key, cert] = [join(folder, "rsa.key"), join(folder, "rsa.pem")];
    await run("openssl", [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "30",
      "-subj",
      "/CN=localhost",
      "-keyout",
      key,
      "-out",
      cert,
    ]);
    const plain = readFileSync(key, "utf8");
    if (passphrase === undefined) return { cert: readFileSync(cert, "utf8"), key: plain };
    const locked = join(folder, "locked.key");
    await run("openssl", ["pkcs8", "-topk8", "-in", key, "-out", locked, "-passout", `pass:${passphrase}`]);
    return { cert: readFileSync(cert, "utf8"), key: readFileSync(locked, "utf8") };
  }

  const keyTypeOf = (socket: TLSSocket): string | undefined => socket.getPeerX509Certificate()?.publicKey.asymmetricKeyType;

  it("have the type of key that the client can verify, if there are several for a name", async function () {
    requireTool(this, "openssl");
    const [rsa, ec] = [await rsaPair(), await createCertificate("localhost")];
    const names = ["localhost"];
    for (const order of [
      [rsa, ec],
      [ec, rsa],
    ]) {
      const { port, log } = await start({ certificates: order.map((pair) => ({ names, ...pair })) });
      expect(log.lines.join("")).to.not.include("never shown");
      for (const [sigalgs, type] of [
        ["rsa_pss_rsae_sha256", "rsa"],
        ["ecdsa_secp256r1_sha256", "ec"],
      ] as const) {
        const socket = await connectSecurely(port, { servername: "localhost", rejectUnauthorized: false, sigalgs });
        expect(keyTypeOf(socket)).to.equal(type);
        socket.destroy();
      }
    }
  });

  for (const transport of ["tls", "tcp"])
    it(`are those of the name asked for, also if those of other names have keys of other types, on ${transport}://`, async function () {
      requireTool(this, "openssl");
      const [rsa, ec, other] = [await rsaPair(), await createCertificate("localhost"), await createCertificate("other.test")];
      const names = ["localhost"];
      const { port } = await start(
        { certificates: [{ names: ["other.test"], ...other }, ...[rsa, ec].map((pair) => ({ names, ...pair }))] },
        transport,
      );
      for (const [servername, sigalgs, shown] of [
        ["localhost", "ecdsa_secp256r1_sha256", ec],
        ["localhost", "rsa_pss_rsae_sha256", rsa],
        ["other.test", "ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256", other],
      ] as const) {
        const socket = await connectSecurely(port, { servername, sigalgs, rejectUnauthorized: false });
        expect(socket.getPeerX509Certificate()?.fingerprint).to.equal(new X509Certificate(shown.cert).fingerprint);
        expect(await exchange(socket, "hello")).to.equal("hello");
        socket.destroy();
      }
    });

  it("cause a warning if one of them is never used", async () => {
    const [first, second] = [await createCertificate("localhost"), await createCertificate("localhost")];
    writeFileSync(join(folder, "second.pem"), second.cert);
    const names = ["localhost"];
    const { log } = await start({
      certificates: [
        { names, ...first },
        { names, cert: join(folder, "second.pem"), key: second.key },
      ],
    });
    expect(log.lines.join("")).to.include(`${join(folder, "second.pem")}: it is never shown for localhost`);
  });

  it("may have a key with a passphrase", async function () {
    requireTool(this, "openssl");
    const pair = await rsaPair("secret");
    const { port } = await start({ ...pair, passphrase: "secret" });
    const socket = await connectSecurely(port, { servername: "localhost", ca: pair.cert });
    expect(await exchange(socket, "hello")).to.equal("hello");
    socket.destroy();
    const refused: readonly (readonly [Parameters<typeof tlsTermination>[0], string])[] = [
      [pair, 'give the option "passphrase"'],
      [{ ...pair, passphrase: "wrong" }, 'check the option "passphrase"'],
      [{ certificates: [{ names: ["localhost"], ...pair, passphrase: "wrong" }] }, 'check the option "passphrase"'],
    ];
    for (const [options, hint] of refused) {
      const refusal = await start(options).then(() => "started", String);
      expect(refusal).to.include("SLUICE_CERTIFICATE_INVALID").and.to.include(hint);
      expect(refusal).to.not.include("wrong");
    }
  });

  it("are not used with a key log that somebody else could have created", async () => {
    mkdirSync(join(folder, "log"));
    symlinkSync(join(folder, "elsewhere"), join(folder, "link"));
    const pair = await createCertificate("localhost");
    expect(await start({ ...pair, keyLog: join(folder, "log") }).then(() => "started", String)).to.include("it is no file");
    expect(await start({ ...pair, keyLog: join(folder, "link") }).then(() => "started", String)).to.include("symbolic link");
    expect(existsSync(join(folder, "elsewhere"))).to.equal(false);
  });
});
