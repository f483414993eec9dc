import { expect } from "chai";
import { execFile, execFileSync } from "node:child_process";
import { webcrypto, X509Certificate } from "node:crypto";
import * as x509 from "../../../../plugins/tls-termination/authority/x509.ts";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { SluiceError } from "sluice";
import type { KeyPair } from "../../../../plugins/tls-termination/certificates/key-pair.ts";
import { openLeafMaker } from "../../../../plugins/tls-termination/authority/local-leaf.ts";
import { requireTool } from "../../../support/external-tool.ts";
import { loneCertificate } from "../../../../plugins/tls-termination/certificates/lone-certificate.ts";

/** Has another process ask for a name at the same time. */
function inProcess(home: string, name: string): Promise<unknown> {
  const module = new URL("../../../../plugins/tls-termination/authority/local-leaf.js", import.meta.url).href;
  const code = `const { openLeafMaker } = await import(${JSON.stringify(module)}); await openLeafMaker(${JSON.stringify(home)}, [${JSON.stringify(name)}], () => {});`;
  return promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
}

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
  const file = (name: string): string => join(folder, ".sluice", name).replace(/\/$/, "");

  async function localLeaves(names: readonly string[], tell: (message: string) => void = () => undefined): Promise<KeyPair[]> {
    const maker = await openLeafMaker(file(""), names, tell);
    return Promise.all(names.map(async (name) => maker.leaf(name)));
  }

  function verify(leaf: string, ...options: string[]): string {
    writeFileSync(join(folder, "leaf.pem"), leaf);
    const anchors = ["ca.pem", "ca-public.pem"].filter((name) => existsSync(file(name))).map((name) => readFileSync(file(name), "utf8"));
    writeFileSync(join(folder, "anchors.pem"), anchors.join(""));
    const all = [
      "verify",
      "-x509_strict",
      "-purpose",
      "sslserver",
      "-CAfile",
      join(folder, "anchors.pem"),
      ...options,
      join(folder, "leaf.pem"),
    ];
    try {
      return execFileSync("openssl", all, { encoding: "utf8", stdio: "pipe" });
    } catch (error) {
      return String(error);
    }
  }

  it("pass openssl verify -x509_strict for every name", async () => {
    const names = ["localhost", "example.test", "*.example.test", "10.1.2.3", "2001:db8::7", "example.com", `${"long.".repeat(20)}test`];
    const leaves = await localLeaves(names);
    expect(leaves.map((leaf) => leaf.names)).to.deep.equal([["localhost", "127.0.0.1", "::1"], ...names.slice(1).map((name) => [name])]);
    const checks = [
      "-verify_hostname localhost",
      "-verify_hostname example.test",
      "-verify_hostname a.example.test",
      "-verify_ip 10.1.2.3",
      "-verify_ip 2001:db8::7",
      "-verify_hostname example.com",
    ];
    for (const [index, { cert }] of leaves.entries()) expect(verify(cert, ...(checks[index]?.split(" ") ?? []))).to.match(/: OK\n$/);
    expect(verify(leaves[0]?.cert ?? "", "-verify_ip", "127.0.0.1")).to.match(/: OK\n$/);
    expect(verify(leaves[0]?.cert ?? "", "-verify_ip", "::1")).to.match(/: OK\n$/);
    expect(verify(leaves[0]?.cert ?? "", "-verify_hostname", "example.test")).to.include("hostname mismatch");
  });

  it("keep the CA and its key, 0600 in a folder 0700 that git ignores, and leave no draft behind", async () => {
    await localLeaves(["localhost"]);
    const [cert, key] = ["ca.pem", "ca-key.pem"].map((name) => readFileSync(file(name), "utf8"));
    expect(statSync(file("ca-key.pem")).mode & 0o777).to.equal(0o600);
    expect(statSync(file("")).mode & 0o777).to.equal(0o700);
    expect(readdirSync(file("")).toSorted()).to.deep.equal([".gitignore", "ca-key.pem", "ca.pem"]);
    expect(readFileSync(file(".gitignore"), "utf8")).to.equal("*\n");
    await localLeaves(["localhost"]);
    expect([readFileSync(file("ca.pem"), "utf8"), readFileSync(file("ca-key.pem"), "utf8")]).to.deep.equal([cert, key]);
  });

  it("are the same ones for as long as the process lives", async () => {
    const first = await localLeaves(["localhost"]);
    const second = await localLeaves(["localhost"]);
    expect(second).to.deep.equal(first);
    expect(await loneCertificate(["a.test"])).to.equal(await loneCertificate(["a.test"]));
  });

  it("may be lone ones that are made again before they end, once for all who ask", async () => {
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

  it("come with a warning when others could read the CA's key, and they no longer can", async () => {
    const told: string[] = [];
    await localLeaves(["localhost"]);
    chmodSync(file("ca-key.pem"), 0o640);
    await localLeaves(["localhost"], (message) => void told.push(message));
    expect(told).to.deep.equal([`${file("ca-key.pem")}: others could until now read the private key of the local CA: now 0600`]);
    expect(statSync(file("ca-key.pem")).mode & 0o777).to.equal(0o600);
  });

  const constraintsOf = (name: string): string[] => {
    const text = execFileSync("openssl", ["x509", "-in", file(name), "-noout", "-ext", "nameConstraints"], { encoding: "utf8" });
    return [...text.matchAll(/(?:DNS|IP):(\S+)/g)].map((match) => match[1] ?? "");
  };

  it("come for local names from a CA that never changes, so that it is trusted once", async () => {
    await localLeaves(["localhost"]);
    const before = readFileSync(file("ca.pem"), "utf8");
    const names = [
      "*.localhost",
      "a.test",
      "printer.local",
      "db.internal",
      "nas.home.arpa",
      "10.1.2.3",
      "192.168.1.9",
      "172.16.0.1",
      "fd00::1",
    ];
    const leaves = await localLeaves(names);
    expect(readFileSync(file("ca.pem"), "utf8")).to.equal(before);
    expect(existsSync(file("ca-public.pem"))).to.equal(false);
    for (const leaf of leaves) expect(verify(leaf.cert)).to.match(/: OK\n$/);
    expect(constraintsOf("ca.pem").slice(0, 5)).to.deep.equal(["localhost", "test", "local", "internal", "home.arpa"]);
    expect(verify((await openPublic("evil.example")) ?? "")).to.match(/permitted subtree violation/);
  });

  /** A leaf for a public name that the CA for local names signed: what a thief of its key would make. */
  async function openPublic(name: string): Promise<string | undefined> {
    const { openLocalCa } = await import("../../../../plugins/tls-termination/authority/local-ca.ts");
    const ca = await openLocalCa(file(""), () => undefined);
    const leaf = await x509.X509CertificateGenerator.create({
      serialNumber: "01",
      subject: "CN=thief",
      issuer: ca.certificate.subject,
      publicKey: ca.publicKey,
      signingKey: ca.signingKey,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
        await x509.SubjectKeyIdentifierExtension.create(ca.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ],
    });
    return leaf.toString("pem");
  }

  it("come for public names from another CA, which is made again with a warning when a name is added", async () => {
    const told: string[] = [];
    const tell = (message: string): void => void told.push(message);
    const [first] = await localLeaves(["one.example"], tell);
    const [second] = await localLeaves(["two.example"], tell);
    await localLeaves(["one.example", "two.example"], tell);
    for (const leaf of [first, second]) expect(verify(leaf?.cert ?? "")).to.match(/: OK\n$/);
    expect(constraintsOf("ca-public.pem").filter((name) => name.endsWith(".example"))).to.deep.equal(["one.example", "two.example"]);
    const made = `${file("ca-public.pem")}: made; clients must trust it`;
    expect(told).to.deep.equal([made, `${file("ca-public.pem")}: made again; clients must trust it again`]);
    expect(existsSync(file("ca.pem"))).to.equal(false);
  });

  it("keep every name when several processes add one at the same time", async function () {
    this.timeout(60_000);
    const names = ["a", "b", "c"].map((name) => `${name}.example`);
    await Promise.all(names.map(async (name) => inProcess(file(""), name)));
    expect(
      constraintsOf("ca-public.pem")
        .filter((name) => name.endsWith(".example"))
        .toSorted(),
    ).to.deep.equal(names);
    expect(readdirSync(file("")).toSorted()).to.deep.equal([".gitignore", "ca-key.pem", "ca-public.pem"]);
  });

  it("have their key kept out of repositories also after a full disk left an empty .gitignore", async () => {
    mkdirSync(file(""));
    writeFileSync(file(".gitignore"), "");
    await localLeaves(["localhost"]);
    expect(readFileSync(file(".gitignore"), "utf8")).to.equal("*\n");
    // Also beside a CA that is complete.
    writeFileSync(file(".gitignore"), "");
    await localLeaves(["localhost"]);
    expect(readFileSync(file(".gitignore"), "utf8")).to.equal("*\n");
  });

  const foreign: Readonly<Record<string, (elsewhere: string) => void>> = {
    "a CA folder behind a symbolic link": (elsewhere) => {
      symlinkSync(elsewhere, file(""));
    },
    "a CA folder in which every user may write": () => {
      mkdirSync(file(""));
      chmodSync(file(""), 0o777);
    },
    "a CA folder of another user": () => {
      mkdirSync(file(""));
      chownSync(file(""), 65_534, 65_534);
    },
    "a key behind a symbolic link": (elsewhere) => {
      mkdirSync(file(""));
      writeFileSync(join(elsewhere, "key"), "");
      symlinkSync(join(elsewhere, "key"), file("ca-key.pem"));
    },
    "a key of another user": () => {
      mkdirSync(file(""));
      writeFileSync(file("ca-key.pem"), "");
      chownSync(file("ca-key.pem"), 65_534, 65_534);
    },
  };
  for (const [name, place] of Object.entries(foreign)) {
    it(`are not made with ${name}`, async function () {
      if (name.endsWith("another user") && process.geteuid?.() !== 0) this.skip();
      const elsewhere = mkdtempSync(join(tmpdir(), "sluice-elsewhere-"));
      try {
        place(elsewhere);
        const error: unknown = await localLeaves(["localhost"]).catch((thrown: unknown) => thrown);
        expect(SluiceError.is(error) && error.code).to.equal("SLUICE_CERTIFICATE_INVALID");
        expect(String(error)).to.match(/symbolic link|another user|chmod o-w/);
      } finally {
        rmSync(elsewhere, { recursive: true, force: true });
      }
    });
  }

  it("agree when several are asked for at once in an empty folder", async () => {
    const made = await Promise.all(["a.test", "b.test", "c.test"].map(async (name) => localLeaves([name])));
    for (const [leaf] of made) expect(verify(leaf?.cert ?? "")).to.match(/: OK\n$/);
  });

  it("have a CA certificate made again, of the same key, when it is broken", async () => {
    const [leaf] = await localLeaves(["localhost"]);
    writeFileSync(file("ca.pem"), "half a certif");
    await localLeaves(["localhost"]);
    expect(verify(leaf?.cert ?? "")).to.match(/: OK\n$/);
  });

  it("are refused with the folder's name when the CA's key is broken", async () => {
    await localLeaves(["localhost"]);
    writeFileSync(file("ca-key.pem"), "no key");
    const error: unknown = await localLeaves(["localhost"]).catch((thrown: unknown) => thrown);
    expect(SluiceError.is(error) && error.code).to.equal("SLUICE_CERTIFICATE_INVALID");
    expect(SluiceError.is(error) && error.where).to.equal(join(folder, ".sluice"));
  });

  it("live 90 days, and the CA much longer", async () => {
    const [leaf] = await localLeaves(["localhost"]);
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
