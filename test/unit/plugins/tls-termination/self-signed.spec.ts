import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { webcrypto, X509Certificate } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SluiceError } from "sluice";
import { localLeaves } from "../../../../plugins/tls-termination/local-leaf.ts";
import { requireTool } from "../../../support/external-tool.ts";
import { loneCertificate } from "../../../../plugins/tls-termination/lone-certificate.ts";

describe("certificates that Sluice makes", () => {
  let folder: string;
  before(function () {
    requireTool(this, "openssl");
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "sluice-ca-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const file = (name: string): string => join(folder, ".sluice", name);

  function verify(leaf: string, ...options: string[]): string {
    writeFileSync(join(folder, "leaf.pem"), leaf);
    const all = ["verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", file("ca.pem"), ...options, join(folder, "leaf.pem")];
    try {
      return execFileSync("openssl", all, { encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      return String(error);
    }
  }

  it("pass openssl verify -x509_strict for every name", async () => {
    const names = ["localhost", "example.test", "*.example.test", "10.1.2.3", "2001:db8::7", `${"long.".repeat(20)}test`];
    const leaves = await localLeaves(folder, names);
    expect(leaves.map((leaf) => leaf.names)).to.deep.equal([["localhost", "127.0.0.1", "::1"], ...names.slice(1).map((name) => [name])]);
    const checks = [
      "-verify_hostname localhost",
      "-verify_hostname example.test",
      "-verify_hostname a.example.test",
      "-verify_ip 10.1.2.3",
      "-verify_ip 2001:db8::7",
    ];
    for (const [index, { cert }] of leaves.entries()) expect(verify(cert, ...(checks[index]?.split(" ") ?? []))).to.match(/: OK\n$/);
    expect(verify(leaves[0]?.cert ?? "", "-verify_ip", "127.0.0.1")).to.match(/: OK\n$/);
    expect(verify(leaves[0]?.cert ?? "", "-verify_ip", "::1")).to.match(/: OK\n$/);
    expect(verify(leaves[0]?.cert ?? "", "-verify_hostname", "example.test")).to.include("hostname mismatch");
  });

  it("keep the CA and its key, 0600 in a folder 0700 that git ignores, and leave no draft behind", async () => {
    await localLeaves(folder, ["localhost"]);
    const [cert, key] = ["ca.pem", "ca-key.pem"].map((name) => readFileSync(file(name), "utf8"));
    expect(statSync(file("ca-key.pem")).mode & 0o777).to.equal(0o600);
    expect(statSync(file("")).mode & 0o777).to.equal(0o700);
    expect(readdirSync(file("")).toSorted()).to.deep.equal([".gitignore", "ca-key.pem", "ca.pem"]);
    expect(readFileSync(file(".gitignore"), "utf8")).to.equal("*\n");
    await localLeaves(folder, ["localhost"]);
    expect([readFileSync(file("ca.pem"), "utf8"), readFileSync(file("ca-key.pem"), "utf8")]).to.deep.equal([cert, key]);
  });

  it("are the same ones for as long as the process lives", async () => {
    const first = await localLeaves(folder, ["localhost"]);
    const second = await localLeaves(folder, ["localhost"]);
    expect(second).to.deep.equal(first);
    expect(await loneCertificate(["a.test"])).to.equal(await loneCertificate(["a.test"]));
  });

  it("may be lone ones that are made anew before they end, once for all who ask", async () => {
    const first = await loneCertificate(["renewed.test"]);
    const { now } = Date;
    try {
      Date.now = () => now() + 61 * 86_400_000;
      const [second, third] = await Promise.all([loneCertificate(["renewed.test"]), loneCertificate(["renewed.test"])]);
      expect(second).to.not.equal(first);
      expect(third).to.equal(second);
    } finally {
      Date.now = now;
    }
  });

  it("may be lone ones also for names for which it failed before", async () => {
    const value = async (): Promise<never> => Promise.reject(new Error("no entropy"));
    Object.defineProperty(webcrypto.subtle, "generateKey", { value, configurable: true });
    try {
      expect(await loneCertificate(["unlucky.test"]).catch(String)).to.include("no entropy");
    } finally {
      Reflect.deleteProperty(webcrypto.subtle, "generateKey");
    }
    expect((await loneCertificate(["unlucky.test"])).names).to.deep.equal(["unlucky.test"]);
  });

  it("come with a warning when others may read the CA's key", async () => {
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    await localLeaves(folder, ["localhost"], warn);
    expect(warnings).to.deep.equal([]);
    chmodSync(file("ca-key.pem"), 0o640);
    await localLeaves(folder, ["localhost"], warn);
    expect(warnings).to.deep.equal([`${file("ca-key.pem")}: others may read the private key of the local CA: chmod 600`]);
  });

  it("come from a CA that may sign for the names asked for so far, and for no others", async () => {
    const [first] = await localLeaves(folder, ["one.test"]);
    const [second] = await localLeaves(folder, ["two.test"]);
    for (const leaf of [first, second]) expect(verify(leaf?.cert ?? "")).to.match(/: OK\n$/);
    const constraints = execFileSync("openssl", ["x509", "-in", file("ca.pem"), "-noout", "-ext", "nameConstraints"], { encoding: "utf8" });
    expect([...constraints.matchAll(/(?:DNS|IP):(\S+)/g)].map((match) => match[1])).to.deep.equal([
      "localhost",
      "127.0.0.0/255.0.0.0",
      "0:0:0:0:0:0:0:1/FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF:FFFF",
      "one.test",
      "two.test",
    ]);
  });

  it("agree when several are asked for at once in an empty folder", async () => {
    const made = await Promise.all(["a.test", "b.test", "c.test"].map(async (name) => localLeaves(folder, [name])));
    for (const [leaf] of made) expect(verify(leaf?.cert ?? "")).to.match(/: OK\n$/);
  });

  it("have a CA certificate made anew, of the same key, when it is broken", async () => {
    const [leaf] = await localLeaves(folder, ["localhost"]);
    writeFileSync(file("ca.pem"), "half a certif");
    await localLeaves(folder, ["localhost"]);
    expect(verify(leaf?.cert ?? "")).to.match(/: OK\n$/);
  });

  it("are refused with the folder's name when the CA's key is broken", async () => {
    await localLeaves(folder, ["localhost"]);
    writeFileSync(file("ca-key.pem"), "no key");
    const error: unknown = await localLeaves(folder, ["localhost"]).catch((thrown: unknown) => thrown);
    expect(SluiceError.is(error) && error.code).to.equal("SLUICE_CERTIFICATE_INVALID");
    expect(SluiceError.is(error) && error.where).to.equal(join(folder, ".sluice"));
  });

  it("live 90 days, and the CA much longer", async () => {
    const [leaf] = await localLeaves(folder, ["localhost"]);
    const days = (pem: string): number => (Date.parse(new X509Certificate(pem).validTo) - Date.now()) / 86_400_000;
    expect(days(leaf?.cert ?? "")).to.be.within(89, 90);
    expect(days(readFileSync(file("ca.pem"), "utf8"))).to.be.above(1_000);
  });

  it("may be a lone one for all names, with an ECDSA key and SHA-256", async () => {
    const { cert, key } = await loneCertificate(["lone.test", "10.1.2.3"]);
    const parsed = new X509Certificate(cert);
    expect(parsed.subjectAltName).to.equal("DNS:lone.test, IP Address:10.1.2.3");
    expect(parsed.publicKey.asymmetricKeyType).to.equal("ec");
    expect(parsed.ca).to.equal(false);
    expect(key).to.include("PRIVATE KEY");
    expect(parsed.verify(parsed.publicKey)).to.equal(true);
  });
});
