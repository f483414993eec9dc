import { LRUCache } from "lru-cache";
import { isIP } from "node:net";
import { generate } from "selfsigned";
import { invalidCertificate } from "./invalid-certificate.ts";
import type { KeyPair } from "./key-pair.ts";

const DAY = 86_400_000;
const LIFE = 90 * DAY;
const RENEWED = 30 * DAY;

interface Lone extends KeyPair {
  readonly notAfter: number;
}

// Kept by the process, not by a plugin: after a reload clients must get the same certificate.
const made = new LRUCache<string, Promise<Lone>>({ max: 100 });

/**
 * One self-signed certificate for all names, valid for 90 days. The same names get the same certificate until 30 days are left.
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function loneCertificate(names: readonly string[]): Promise<KeyPair> {
  const id = names.join(" ");
  const known = made.get(id);
  if (known !== undefined) {
    if (await isGood(known)) return known;
    // Another caller at the same time may have replaced it already.
    if (made.get(id) === known) made.delete(id);
  }
  const pair = made.get(id) ?? make(names);
  made.set(id, pair);
  return pair;
}

async function isGood(pair: Promise<Lone>): Promise<boolean> {
  return pair.then(
    ({ notAfter }) => notAfter - Date.now() > RENEWED,
    () => false,
  );
}

async function make(names: readonly string[]): Promise<Lone> {
  const now = Date.now();
  const [first = "localhost"] = names;
  const loopback = names.includes("localhost") ? ["127.0.0.1", "::1"] : [];
  const altNames = [...new Set([...names, ...loopback])].map((name) =>
    isIP(name) === 0 ? ({ type: 2, value: name } as const) : ({ type: 7, ip: name } as const),
  );
  try {
    const { cert, private: key } = await generate([{ name: "commonName", value: first.slice(0, 64) }], {
      keyType: "ec",
      curve: "P-256",
      algorithm: "sha256",
      notBeforeDate: new Date(now - DAY),
      notAfterDate: new Date(now + LIFE),
      extensions: [
        { name: "basicConstraints", cA: false, critical: true },
        { name: "keyUsage", digitalSignature: true, critical: true },
        { name: "extKeyUsage", serverAuth: true },
        { name: "subjectAltName", altNames },
      ],
    });
    return { where: "selfSigned", names, cert, key, notAfter: now + LIFE };
  } catch (error) {
    throw invalidCertificate("selfSigned", "no certificate can be made for these names", error);
  }
}
