import { expect } from "chai";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { connect } from "node:net";
import path from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { SluiceError, type UpstreamTlsConfig } from "../../../../core/contract/index.ts";
import { createUpstreamTls } from "../../../../core/net/dial/upstream-tls.ts";
import { eventOf } from "../../../support/bounded.ts";
import { createCertificate } from "../../../support/certificates.ts";
import { eventually } from "../../../support/eventually.ts";
import { portOf } from "../../../support/sockets.ts";
import { testCertificate, type TestCertificate } from "../certificate.ts";

const day = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * day);

function failure(config: UpstreamTlsConfig, folder?: string): SluiceError {
  try {
    createUpstreamTls(config, { folder, place: "proxy.config.ts: listeners.web.upstream" });
  } catch (error) {
    if (SluiceError.is(error)) return error;
  }
  throw new Error("no SluiceError was thrown");
}

describe("TLS options of an upstream", () => {
  let folder = "";
  let one: TestCertificate;
  let other: TestCertificate;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "sluice-tls-"));
    one = await testCertificate("one.test");
    other = await testCertificate("other.test");
    await writeFile(path.join(folder, "ca.pem"), one.cert);
    await writeFile(path.join(folder, "broken.pem"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    await writeFile(path.join(folder, "empty.pem"), "nothing here\n");
  });
  after(() => rm(folder, { recursive: true }));

  it("takes PEM text and paths, which start at the given folder", () => {
    expect(() => createUpstreamTls({ ca: ["ca.pem", other.cert], cert: one.cert, key: one.key }, { folder })).not.to.throw();
    expect(() => createUpstreamTls({})).not.to.throw();
  });

  it("names the option, the file and the reason when a file cannot be used", () => {
    for (const [file, reason] of [
      ["missing.pem", "ENOENT"],
      ["ca.pem/inside", "ENOTDIR"],
      [`${"a".repeat(300)}.pem`, "ENAMETOOLONG"],
      ["broken.pem", "asn1"],
      ["empty.pem", "the ca holds no PEM"],
    ] as const) {
      const error = failure({ ca: file }, folder);
      expect(error.code).to.equal("SLUICE_CERTIFICATE_INVALID");
      expect(error.message).to.contain("proxy.config.ts: listeners.web.upstream.tls.ca: ").and.to.contain(file).and.to.contain(reason);
    }
  });

  it("resumes no session of a connection from before its files changed, even if the upstream sends it only then", async () => {
    const authority = path.join(folder, "renewed.pem");
    await writeFile(authority, one.cert);
    const server = createServer({ cert: one.cert, key: one.key }, (socket) => void socket.on("error", () => undefined).write("hello"));
    server.listen(0, "127.0.0.1");
    await eventOf(server, "listening");
    const tls = createUpstreamTls({ ca: authority }, { folder });
    const sockets: TLSSocket[] = [];
    const open = async (): Promise<TLSSocket> => {
      const secured = tls.wrap(connect(portOf(server), "127.0.0.1"), { host: "one.test", place: "127.0.0.1:1" });
      sockets.push(secured);
      await eventOf(secured, "data");
      return secured;
    };
    const early = await open();
    await eventually(async () => expect((await open()).isSessionReused()).to.equal(true));
    await writeFile(authority, one.cert + other.cert);
    await eventually(() => expect(tls.version).to.equal(1));
    early.emit("session", sockets.at(-1)?.getSession());
    expect((await open()).isSessionReused()).to.equal(false);
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it("keeps what it has when its files cannot even be looked at", async () => {
    const inside = path.join(folder, "inside");
    await mkdir(inside);
    await writeFile(path.join(inside, "ca.pem"), one.cert);
    const warnings: string[] = [];
    const tls = createUpstreamTls({ ca: "inside/ca.pem" }, { folder, warn: (message) => void warnings.push(message) });
    await rm(inside, { recursive: true });
    await writeFile(inside, "");
    await eventually(() => {
      expect(tls.version).to.equal(0);
      expect(warnings.join()).to.match(/^changed files are refused, and the old ones stay: .*ENOTDIR/);
    });
  });

  it("refuses a client certificate that has expired or is not yet valid", async () => {
    const expired = await createCertificate("client.test", { notBefore: inDays(-2), notAfter: inDays(-1) });
    const early = await createCertificate("client.test", { notBefore: inDays(1), notAfter: inDays(2) });
    await writeFile(path.join(folder, "expired.pem"), expired.cert);
    const error = failure({ cert: "expired.pem", key: expired.key }, folder);
    expect(error.code).to.equal("SLUICE_CERTIFICATE_INVALID");
    expect(error.message).to.contain("upstream.tls.cert").and.to.contain(path.join(folder, "expired.pem: the certificate expired at"));
    expect(failure({ ...early }).message).to.contain("not yet valid");
  });

  it("warns of a client certificate that ends soon, and of a key file that others may read", async () => {
    const soon = await createCertificate("client.test", { notAfter: inDays(13) });
    await writeFile(path.join(folder, "soon.key"), soon.key);
    const warnings: string[] = [];
    for (const mode of [0o600, 0o644]) {
      await chmod(path.join(folder, "soon.key"), mode);
      createUpstreamTls({ cert: soon.cert, key: "soon.key" }, { folder, warn: (message) => warnings.push(message) });
    }
    const [early, again, exposed, ...others] = warnings;
    expect(early).to.contain("upstream.tls.cert: the PEM text given: the certificate expires in 12 days, at ").and.to.equal(again);
    expect(exposed).to.contain("upstream.tls.key").and.to.contain("soon.key: others may read this private key");
    expect(others).to.deep.equal([]);
  });

  it("refuses a key that belongs to another certificate, and a certificate without a key", () => {
    expect(failure({ cert: one.cert, key: other.key }).message).to.contain("upstream.tls.key");
    expect(failure({ cert: one.cert }).message).to.contain("go together");
    expect(failure({ key: one.key }).message).to.contain("upstream.tls.cert");
  });
});
