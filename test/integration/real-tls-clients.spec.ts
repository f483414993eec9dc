import { expect } from "chai";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { echo, tlsTermination } from "sluice/plugins";
import { createCertificate } from "../support/certificates.ts";
import { createCleanup } from "../support/cleanup.ts";
import { requireTool } from "../support/external-tool.ts";
import { failures, passThrough, runTool, startInFront, temporaryFolder, type ToolRun } from "../support/real-peer.ts";
import type { TestProxy } from "../support/with-proxy.ts";

const cleanup = createCleanup();

describe("OpenSSL's client and sslscan [trust]", function () {
  this.timeout(120_000);
  let started: TestProxy;
  let ca: string;

  before(async () => {
    const certificate = await createCertificate("localhost");
    ca = join(temporaryFolder(cleanup), "ca.pem");
    writeFileSync(ca, certificate.cert);
    const plugins = [tlsTermination(certificate), ...passThrough(), echo()];
    started = await startInFront(cleanup, { tls: { listen: "tls://127.0.0.1:0", plugins } });
  });
  // What the refused and the scanning clients leave is the clients' doing.
  afterEach(() => expect(failures(started).filter((text) => !/SLUICE_CLIENT_/.test(text))).to.deep.equal([]));
  after(() => cleanup.run());

  const client = (context: Mocha.Context, input: string, ...options: readonly string[]): Promise<ToolRun> => {
    const verify = ["-CAfile", ca, "-verify_return_error", "-servername", "localhost"];
    return runTool(requireTool(context, "openssl"), ["s_client", "-connect", `127.0.0.1:${started.port()}`, ...verify, ...options], {
      input,
      echoes: input !== "",
    });
  };

  for (const version of ["tls1_2", "tls1_3"]) {
    it(`verifies the certificate over ${version}, and gets every line back`, async function () {
      const lines = Array.from({ length: 200 }, (_, at) => `line ${at} ${"x".repeat(at)}`).join("\n");
      const { code, stdout } = await client(this, `${lines}\n`, `-${version}`, "-quiet", "-no_ign_eof");
      expect(code).to.equal(0);
      expect(stdout).to.equal(`${lines}\n`);
    });
  }

  it("is refused with alert 70 when it offers TLS 1.1", async function () {
    const { code, stderr } = await client(this, "", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0");
    expect(code).to.not.equal(0);
    expect(stderr).to.match(/alert number 70|protocol version/);
  });

  it("finds only TLS 1.2 and 1.3, no compression and no renegotiation", async function () {
    const sslscan = requireTool(this, "sslscan");
    const { code, stdout } = await runTool(sslscan, ["--no-colour", `127.0.0.1:${started.port()}`]);
    expect(code).to.equal(0);
    const protocols = [...stdout.matchAll(/^(SSLv[23]|TLSv1\.[0-3])\s+(enabled|disabled)/gm)].map(([, name, state]) => `${name} ${state}`);
    expect(protocols).to.deep.equal([
      "SSLv2 disabled",
      "SSLv3 disabled",
      "TLSv1.0 disabled",
      "TLSv1.1 disabled",
      "TLSv1.2 enabled",
      "TLSv1.3 enabled",
    ]);
    expect(stdout).to.not.match(/Compression enabled/);
    expect(stdout).to.match(/Session renegotiation not supported/);
    expect(stdout).to.not.match(/[^t] vulnerable to heartbleed/);
  });
});
