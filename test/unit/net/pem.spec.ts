import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { certificatesIn, checkValidity, pemFile, readPem, SluiceError } from "sluice";
import { createCertificate } from "../../support/certificates.ts";

const inDays = (days: number): Date => new Date(Date.now() + days * 86_400_000);

const errorOf = (work: () => unknown): SluiceError => {
  try {
    work();
  } catch (error) {
    if (SluiceError.is(error)) return error;
    throw error;
  }
  throw new Error("expected an error");
};

describe("PEM that an option gives", () => {
  let folder = "";
  before(() => (folder = mkdtempSync(path.join(tmpdir(), "sluice-pem-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("is the text itself, called by the option's name", async () => {
    const { cert } = await createCertificate("a.test");
    expect(readPem(cert, folder, "cert")).to.deep.equal({ text: cert, where: "cert", exposed: false });
    expect(pemFile(cert, folder)).to.equal(undefined);
  });

  it("is a file in the given folder, and tells whether others may read it", async () => {
    const { key } = await createCertificate("a.test");
    const file = path.join(folder, "a.key");
    writeFileSync(file, key);
    for (const [mode, exposed] of [
      [0o600, false],
      [0o640, true],
    ] as const) {
      chmodSync(file, mode);
      expect(readPem("a.key", folder, "key")).to.deep.equal({ text: key, where: file, exposed });
    }
    expect(pemFile("a.key", folder)).to.equal(file);
  });

  it("has each certificate on lines of its own, also if files were joined of which one had no line break at its end", async () => {
    const [one, two] = (await Promise.all([createCertificate("a.test"), createCertificate("b.test")])).map(({ cert }) => cert.trim());
    const file = path.join(folder, "joined.pem");
    writeFileSync(file, `${one}${two}`);
    for (const given of [`${one}${two}`, file]) expect(readPem(given, folder, "ca").text).to.equal(`${one}\n${two}`);
  });

  it("has every certificate of a chain, and says which one is broken", async () => {
    const [one, two] = await Promise.all([createCertificate("a.test"), createCertificate("b.test")]);
    const pem = readPem(`${one.cert}\n${two.cert}`, folder, "ca");
    expect(certificatesIn(pem).map((each) => each.checkHost("b.test"))).to.deep.equal([undefined, "b.test"]);
    const broken = { ...pem, text: `${one.cert}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n` };
    expect(errorOf(() => certificatesIn(broken)).message).to.contain("ca: certificate 2 of 2 cannot be read");
    expect(errorOf(() => certificatesIn(readPem(one.key, folder, "cert"))).message).to.contain("cert: no certificate can be read from it");
  });

  it("is not read from what is no file, which could wait for a writer or have no end", () => {
    execFileSync("mkfifo", [path.join(folder, "fifo")]);
    for (const given of ["fifo", "/dev/zero", folder])
      expect(errorOf(() => readPem(given, folder, "cert")).message).to.contain("cannot read the cert: it is no file");
  });

  it("is refused with one code, wherever it fails", async () => {
    writeFileSync(path.join(folder, "text.pem"), "hello");
    const late = readPem((await createCertificate("a.test", { notBefore: inDays(-2), notAfter: inDays(-1) })).cert, folder, "cert");
    for (const work of [
      () => readPem("none.pem", folder, "cert"),
      () => readPem("text.pem", folder, "cert"),
      () => certificatesIn({ text: "", where: "cert", exposed: false }),
      () => checkValidity(certificatesIn(late)[0], late, () => undefined),
    ])
      expect(errorOf(work).code).to.equal("SLUICE_CERTIFICATE_INVALID");
  });
});
