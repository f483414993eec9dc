import "reflect-metadata"; // before @peculiar/x509, which registers its parts with tsyringe
import * as x509 from "@peculiar/x509";
import { LRUCache } from "lru-cache";
import { KeyObject, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type { KeyPair } from "./key-pair.ts";
import { openLocalCa, serialNumber, type LocalCa } from "./local-ca.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
const LIFE = 90 * DAY;
const RENEWED = 30 * DAY;

interface Leaf extends KeyPair {
  readonly notAfter: number;
}

// Of the process, not of a plugin: a reload must not show clients another certificate, and one costs 17 ms.
const leaves = new LRUCache<string, Leaf>({ max: 1_000 });
let queue: Promise<unknown> = Promise.resolve();

/**
 * One certificate per name, signed by the local CA of `folder`, for 90 days; kept in memory and made anew when 30 days are left.
 * @throws SLUICE_CERTIFICATE_INVALID when the CA cannot be opened
 */
export async function localLeaves(
  folder: string,
  names: readonly string[],
  warn: (message: string) => void = () => undefined,
): Promise<KeyPair[]> {
  // One at a time: two listeners that start at once must not both widen what the CA may sign for.
  const turn = queue.then(async () => {
    const ca = await openLocalCa(folder, names, warn);
    const made: KeyPair[] = [];
    for (const name of names) made.push(await leafOf(ca, name));
    return made;
  });
  queue = turn.catch(() => undefined);
  return turn;
}

async function leafOf(ca: LocalCa, name: string): Promise<KeyPair> {
  const id = `${Buffer.from(ca.certificate.publicKey.rawData).toString("base64")} ${name}`;
  const known = leaves.get(id);
  if (known !== undefined && known.notAfter - Date.now() > RENEWED) return known;
  const leaf = await makeLeaf(ca, name);
  leaves.set(id, leaf);
  return leaf;
}

async function makeLeaf(ca: LocalCa, name: string): Promise<Leaf> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [{ CN: [commonName(name)] }],
    issuer: ca.certificate.subjectName.toJSON(),
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + LIFE),
    publicKey: keys.publicKey,
    signingKey: ca.signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(alternativeNames(name)),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" }).toString();
  const names = alternativeNames(name).map(({ value }) => value);
  return { where: "selfSigned", names, cert: `${certificate.toString("pem")}\n`, key, notAfter: now + LIFE };
}

/**
 * For people: clients look at the alternative names. 64 characters are its limit. An address alone would be taken for a DNS name by
 * OpenSSL, where there is no other, and held against the CA's constraints.
 */
function commonName(name: string): string {
  return isIP(name) === 0 ? name.slice(0, 64) : `address ${name}`;
}

/** `localhost` is known by its addresses too. */
function alternativeNames(name: string): { type: "dns" | "ip"; value: string }[] {
  if (isIP(name) !== 0) return [{ type: "ip", value: name }];
  const own = { type: "dns", value: name } as const;
  return name === "localhost" ? [own, { type: "ip", value: "127.0.0.1" }, { type: "ip", value: "::1" }] : [own];
}
