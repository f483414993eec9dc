import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SluiceError, type UpstreamTlsConfig } from "../../../core/contract/index.ts";
import { createUpstreamTls } from "../../../core/net/upstream-tls.ts";
import { testCertificate, type TestCertificate } from "./certificate.ts";

function failure(config: UpstreamTlsConfig, folder?: string): SluiceError {
  try {
    createUpstreamTls(config, folder);
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
    expect(() => createUpstreamTls({ ca: ["ca.pem", other.cert], cert: one.cert, key: one.key }, folder)).not.to.throw();
    expect(() => createUpstreamTls({})).not.to.throw();
  });

  it("names the option, the file and the reason when a file cannot be used", () => {
    for (const [file, reason] of [
      ["missing.pem", "ENOENT"],
      ["broken.pem", "asn1"],
      ["empty.pem", "no certificate"],
    ] as const) {
      const error = failure({ ca: file }, folder);
      expect(error.code).to.equal("SLUICE_CERTIFICATE_INVALID");
      expect(error.message).to.contain("upstream.tls.ca").and.to.contain(file).and.to.contain(reason);
    }
  });

  it("refuses a key that belongs to another certificate, and a certificate without a key", () => {
    expect(failure({ cert: one.cert, key: other.key }).message).to.contain("upstream.tls.key");
    expect(failure({ cert: one.cert }).message).to.contain("go together");
    expect(failure({ key: one.key }).message).to.contain("upstream.tls.cert");
  });
});
