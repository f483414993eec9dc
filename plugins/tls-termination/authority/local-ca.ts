import { createPrivateKey, createPublicKey, KeyObject, randomBytes, webcrypto } from "node:crypto";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder } from "sluice";
import { locked } from "./folder-lock.ts";
import { invalidCertificate } from "../certificates/invalid-certificate.ts";
import { keepOutOfRepositories } from "./git-ignore.ts";
import { isConstrainedTo, localConstraints, publicConstraints } from "./name-constraints.ts";
import type { Notify } from "./notify.ts";
import { refuseForeign } from "../certificates/own-path.ts";
import { readExisting, writeWhole } from "./whole-file.ts";
import * as x509 from "./x509.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const KEY = "ca-key.pem";
const DAY = 86_400_000;
const LIFE = 1_825 * DAY;
/** The time before its end at which a CA is renewed, so that no leaf is valid for longer than its CA. */
const RENEWED = 120 * DAY;

interface CaKeys {
  readonly publicKey: webcrypto.CryptoKey;
  readonly signingKey: webcrypto.CryptoKey;
}

/** A CA that signs leaves for development and internal use. */
export interface LocalCa extends CaKeys {
  readonly certificate: x509.X509Certificate;
}

/** One of the two CAs of a folder: for local names, or for all other names. */
interface Kind {
  readonly file: string;
  readonly subject: string;
  constraints(before: x509.X509Certificate | undefined): x509.Extension;
}

/** Opens the CA for local names, `ca.pem`. It never changes, so clients need to trust it only once. @throws SLUICE_CERTIFICATE_INVALID */
export async function openLocalCa(home: string, tell: Notify): Promise<LocalCa> {
  return open(home, { file: "ca.pem", subject: "CN=Sluice local CA", constraints: localConstraints }, tell);
}

/** Opens the CA for all other names, `ca-public.pem`. It is made again, with the same key, for a name that it may not sign yet. @throws SLUICE_CERTIFICATE_INVALID */
export async function openPublicCa(home: string, names: readonly string[], tell: Notify): Promise<LocalCa> {
  const constraints = (before: x509.X509Certificate | undefined): x509.Extension => publicConstraints(names, before);
  return open(home, { file: "ca-public.pem", subject: "CN=Sluice CA for public names", constraints }, tell);
}

/** Reads the CA if it exists and is usable, which works in a read-only folder. Otherwise makes it, in one process at a time. */
async function open(home: string, kind: Kind, tell: Notify): Promise<LocalCa> {
  try {
    return (await read(home, kind, tell)) ?? (await make(home, kind, tell));
  } catch (error) {
    throw invalidCertificate(home, "the local CA cannot be opened or made there; caFolder names another folder", error);
  }
}

async function read(home: string, kind: Kind, tell: Notify): Promise<LocalCa | undefined> {
  const keyFile = join(home, KEY);
  await refuseForeign(home, "folder");
  await refuseForeign(keyFile, "file");
  const pem = await readExisting(keyFile);
  if (pem === undefined) return undefined;
  await tighten(keyFile, tell);
  // Also beside a complete CA: it may have been removed. A read-only folder stays as it is.
  await keepOutOfRepositories(home, KEY).catch(() => undefined);
  const certificate = parse(await readExisting(join(home, kind.file)));
  if (certificate === undefined) return undefined;
  const keys = await keysOf(pem);
  const good = (await isUsable(certificate, keys.publicKey)) && isConstrainedTo(certificate, kind.constraints(certificate));
  return good ? { certificate, ...keys } : undefined;
}

async function make(home: string, kind: Kind, tell: Notify): Promise<LocalCa> {
  await makeFolder(home, 0o700);
  await refuseForeign(home, "folder");
  return locked(home, async () => {
    await keepOutOfRepositories(home, KEY);
    const keys = await keysOf((await readExisting(join(home, KEY))) ?? (await createKey(home)));
    // Another process may have made it meanwhile.
    const known = await read(home, kind, tell);
    if (known !== undefined) return known;
    const file = join(home, kind.file);
    const old = parse(await readExisting(file));
    const mine = old !== undefined && (await isMadeOf(old, keys.publicKey)) ? old : undefined;
    const certificate = await sign(keys, kind.subject, kind.constraints(mine));
    await writeWhole(file, `${certificate.toString("pem")}\n`, 0o644);
    tell(old === undefined ? `${file}: made; clients must trust it` : `${file}: made again; clients must trust it again`);
    return { certificate, ...keys };
  });
}

async function createKey(home: string): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const pem = KeyObject.from(privateKey).export({ type: "pkcs8", format: "pem" }).toString();
  await writeWhole(join(home, KEY), pem, 0o600);
  return pem;
}

/** Removes the right of others to read the key, and tells the user: they may have read it already. */
async function tighten(keyFile: string, tell: Notify): Promise<void> {
  if (((await stat(keyFile)).mode & 0o077) === 0) return;
  await chmod(keyFile, 0o600).catch(() => undefined);
  const stays = ((await stat(keyFile)).mode & 0o077) !== 0;
  tell(`${keyFile}: others ${stays ? "may" : "could until now"} read the private key of the local CA: ${stays ? "chmod 600" : "now 0600"}`);
}

async function keysOf(pem: string): Promise<CaKeys> {
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
    return undefined; // A broken certificate can be made again; the key cannot.
  }
}

async function isUsable(certificate: x509.X509Certificate, publicKey: webcrypto.CryptoKey): Promise<boolean> {
  const left = certificate.notAfter.getTime() - Date.now();
  return left > RENEWED && certificate.notBefore.getTime() <= Date.now() && isMadeOf(certificate, publicKey);
}

async function isMadeOf(certificate: x509.X509Certificate, publicKey: webcrypto.CryptoKey): Promise<boolean> {
  const spki = await webcrypto.subtle.exportKey("spki", publicKey);
  return Buffer.from(certificate.publicKey.rawData).equals(Buffer.from(spki));
}

async function sign({ publicKey, signingKey }: CaKeys, subject: string, constraints: x509.Extension): Promise<x509.X509Certificate> {
  const now = Date.now();
  return x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject,
    issuer: subject,
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
