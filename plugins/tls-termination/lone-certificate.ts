import { isIP } from "node:net";
import { generate } from "selfsigned";
import { invalidCertificate } from "./invalid-certificate.ts";
import type { KeyPair } from "./key-pair.ts";

const DAY = 86_400_000;
const made = new Map<string, Promise<KeyPair>>();

/**
 * One certificate for all names that signs itself, for 90 days. The same names get the same one for as long as the process lives, so
 * that a reload does not show clients another.
 */
export async function loneCertificate(names: readonly string[]): Promise<KeyPair> {
  const id = names.join(" ");
  let pair = made.get(id);
  if (pair === undefined) {
    pair = make(names);
    made.set(id, pair);
  }
  return pair;
}

async function make(names: readonly string[]): Promise<KeyPair> {
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
      notBeforeDate: new Date(Date.now() - DAY),
      notAfterDate: new Date(Date.now() + 90 * DAY),
      extensions: [
        { name: "basicConstraints", cA: false, critical: true },
        { name: "keyUsage", digitalSignature: true, critical: true },
        { name: "extKeyUsage", serverAuth: true },
        { name: "subjectAltName", altNames },
      ],
    });
    return { where: "selfSigned", names, cert, key };
  } catch (error) {
    throw invalidCertificate("selfSigned", "no certificate can be made for these names", error);
  }
}
