import { X509Certificate } from "node:crypto";
import type { ShownCertificate } from "sluice";
import type { KeyPair } from "./key-pair.ts";

/** The names and ends of certificates. One that the config gives no name has that of its subject. */
export function shownCertificates(pairs: readonly KeyPair[]): readonly ShownCertificate[] {
  return pairs.flatMap(({ cert, names }) => {
    const leaf = new X509Certificate(cert);
    const notAfter = Date.parse(leaf.validTo);
    return (names.length === 0 ? [subjectOf(leaf)] : names).map((name) => ({ name, notAfter }));
  });
}

function subjectOf({ subject, subjectAltName = "" }: X509Certificate): string {
  return /^CN=(.+)$/m.exec(subject)?.[1] ?? /(?:DNS|IP Address):([^,]+)/.exec(subjectAltName)?.[1] ?? "";
}
