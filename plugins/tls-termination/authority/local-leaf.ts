import { LRUCache } from "lru-cache";
import { KeyObject, webcrypto } from "node:crypto";
import { isIP } from "node:net";
import type { KeyPair } from "../certificates/key-pair.ts";
import { openLocalCa, openPublicCa, serialNumber, type LocalCa } from "./local-ca.ts";
import type { Notify } from "./notify.ts";
import { isLocalName } from "./local-names.ts";
import * as x509 from "./x509.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY = 86_400_000;
const LIFE = 90 * DAY;
const RENEWED = 30 * DAY;

interface Leaf extends KeyPair {
  readonly notAfter: number;
}

// Kept by the process, not by a plugin: after a reload clients must get the same certificates, and each costs 17 ms.
const leaves = new LRUCache<string, Leaf>({ max: 1_000 });

/** Makes leaf certificates, signed by the CAs of a folder. */
export interface LeafMaker {
  /** The certificate of a name, valid for 90 days; it is kept in memory and made again when 30 days are left. */
  leaf(name: string): Promise<KeyPair>;
}

/**
 * Opens the CAs that names need: the one for local names, and another for all others.
 *
 * @param home their folder
 * @throws SLUICE_CERTIFICATE_INVALID when a CA cannot be opened
 */
export async function openLeafMaker(home: string, names: readonly string[], tell: Notify): Promise<LeafMaker> {
  const others = names.filter((name) => !isLocalName(name));
  const local = others.length < names.length ? await openLocalCa(home, tell) : undefined;
  const other = others.length > 0 ? await openPublicCa(home, others, tell) : undefined;
  return {
    async leaf(name) {
      const ca = isLocalName(name) ? local : other;
      if (ca === undefined) throw new Error(`${name} is of another kind than the names that this was opened for`);
      return leafOf(ca, name);
    },
  };
}

async function leafOf(ca: LocalCa, name: string): Promise<KeyPair> {
  const id = `${ca.certificate.subject} ${Buffer.from(ca.certificate.publicKey.rawData).toString("base64")} ${name}`;
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
 * The common name, which only people read: clients check the alternative names. It has at most 64 characters. OpenSSL would take a plain address for
 * a DNS name if the certificate has no other, and would compare it with the CA's constraints.
 */
function commonName(name: string): string {
  return isIP(name) === 0 ? name.slice(0, 64) : `address ${name}`;
}

/** The alternative names of a certificate. One for `localhost` also has its addresses. */
function alternativeNames(name: string): { type: "dns" | "ip"; value: string }[] {
  if (isIP(name) !== 0) return [{ type: "ip", value: name }];
  const own = { type: "dns", value: name } as const;
  return name === "localhost" ? [own, { type: "ip", value: "127.0.0.1" }, { type: "ip", value: "::1" }] : [own];
}
