import "reflect-metadata"; // before @peculiar/x509, which registers its parts with tsyringe
import * as x509 from "@peculiar/x509";
import { createPrivateKey, createPublicKey, KeyObject, randomBytes, webcrypto } from "node:crypto";
import { link, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { invalidCertificate } from "./invalid-certificate.ts";
import { nameConstraints, permits } from "./name-constraints.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
const LIFE = 1_825 * DAY;
/** Renewed while every leaf it signs still ends before it does. */
const RENEWED = 120 * DAY;

/** The CA of a folder: signs leaves for development and internal use. */
export interface LocalCa {
  readonly certificate: x509.X509Certificate;
  readonly publicKey: webcrypto.CryptoKey;
  readonly signingKey: webcrypto.CryptoKey;
}

/**
 * Opens the CA in `<folder>/.sluice/`, making what is missing: `ca-key.pem` (0600) and `ca.pem`, to be trusted by clients. The key is
 * made once; the certificate is made anew, of the same key, when it is missing, about to expire, or not allowed to sign for `names`.
 * Processes that start at once agree: the first key linked into place wins, and any certificate of that key is as good as another.
 *
 * @param warn told when others may read a key that was there before
 * @throws SLUICE_CERTIFICATE_INVALID when the files cannot be used or written
 */
export async function openLocalCa(folder: string, names: readonly string[], warn: (message: string) => void): Promise<LocalCa> {
  const home = join(folder, ".sluice");
  const keyFile = join(home, "ca-key.pem");
  const certFile = join(home, "ca.pem");
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
    const pem = (await existing(keyFile)) ?? (await createKey(home, keyFile));
    if (((await stat(keyFile)).mode & 0o077) !== 0) warn(`${keyFile}: others may read the private key of the local CA: chmod 600`);
    const { publicKey, signingKey } = await keysOf(pem);
    const old = await existing(certFile).then((text) => parse(text));
    if (old !== undefined && (await usable(old, publicKey)) && permits(old, names)) return { certificate: old, publicKey, signingKey };
    const mine = old !== undefined && (await madeOf(old, publicKey)) ? old : undefined;
    const certificate = await sign({ publicKey, signingKey }, nameConstraints(names, mine));
    await put(certFile, `${certificate.toString("pem")}\n`, 0o644, rename);
    return { certificate, publicKey, signingKey };
  } catch (error) {
    throw invalidCertificate(home, "the local CA cannot be opened or made there", error);
  }
}

async function existing(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function createKey(home: string, file: string): Promise<string> {
  // A key must not end up in a repository by a hasty `git add`. Who has put a file of that name there knows better.
  await writeFile(join(home, ".gitignore"), "*\n", { flag: "wx" }).catch(() => undefined);
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const pem = KeyObject.from(privateKey).export({ type: "pkcs8", format: "pem" }).toString();
  await put(file, pem, 0o600, async (from, to) => {
    // A link, unlike a rename, never replaces the key of a process that was faster.
    await link(from, to).catch(async (error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") await rename(from, to);
    });
  });
  return readFile(file, "utf8");
}

/** Writes a whole file beside its place, and then puts it there at once. */
async function put(file: string, text: string, mode: number, place: (from: string, to: string) => Promise<void>): Promise<void> {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  try {
    await writeFile(draft, text, { mode, flag: "wx" });
    await place(draft, file);
  } finally {
    await rm(draft, { force: true });
  }
}

async function keysOf(pem: string): Promise<Pick<LocalCa, "publicKey" | "signingKey">> {
  const key = createPrivateKey(pem);
  const { subtle } = webcrypto;
  const [signingKey, publicKey] = await Promise.all([
    subtle.importKey("pkcs8", key.export({ type: "pkcs8", format: "der" }), algorithm, false, ["sign"]),
    subtle.importKey("spki", createPublicKey(key).export({ type: "spki", format: "der" }), algorithm, true, ["verify"]),
  ]);
  return { signingKey, publicKey };
}

function parse(text: string | undefined): x509.X509Certificate | undefined {
  if (text === undefined) return undefined;
  try {
    return new x509.X509Certificate(text);
  } catch {
    return undefined; // A broken certificate is made anew; only the key cannot be.
  }
}

async function usable(certificate: x509.X509Certificate, publicKey: webcrypto.CryptoKey): Promise<boolean> {
  const left = certificate.notAfter.getTime() - Date.now();
  return left > RENEWED && certificate.notBefore.getTime() <= Date.now() && madeOf(certificate, publicKey);
}

async function madeOf(certificate: x509.X509Certificate, publicKey: webcrypto.CryptoKey): Promise<boolean> {
  const spki = await webcrypto.subtle.exportKey("spki", publicKey);
  return Buffer.from(certificate.publicKey.rawData).equals(Buffer.from(spki));
}

async function sign(
  { publicKey, signingKey }: Pick<LocalCa, "publicKey" | "signingKey">,
  constraints: x509.Extension,
): Promise<x509.X509Certificate> {
  const now = Date.now();
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: "CN=Sluice local CA",
    issuer: "CN=Sluice local CA",
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + LIFE),
    publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(publicKey),
      constraints,
    ],
  });
}

/** A positive number of 16 random bytes, in hexadecimal (RFC 5280 section 4.1.2.2). */
export function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}
