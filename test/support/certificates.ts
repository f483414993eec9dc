import { generate } from "selfsigned";

/** A certificate and its key, in PEM. */
export interface TestCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Signs the certificate; without it, it signs itself. */
  readonly ca?: TestCertificate;
  /** @default one hour ago */
  readonly notBefore?: Date;
  /** @default in one day */
  readonly notAfter?: Date;
  /** May sign others. @default false */
  readonly authority?: boolean;
}

const hourMs = 3_600_000;

/** Makes an ECDSA P-256 certificate for a name (a DNS name, or an IPv4 address). */
export async function createCertificate(name: string, options: CertificateOptions = {}): Promise<TestCertificate> {
  const { ca, authority = false, notBefore = new Date(Date.now() - hourMs), notAfter = new Date(Date.now() + 24 * hourMs) } = options;
  const isAddress = /^[\d.]+$/.test(name);
  const made = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    curve: "P-256",
    algorithm: "sha256",
    notBeforeDate: notBefore,
    notAfterDate: notAfter,
    ...(ca === undefined ? {} : { ca }),
    extensions: [
      { name: "basicConstraints", cA: authority, critical: true },
      authority
        ? { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true }
        : { name: "keyUsage", digitalSignature: true, critical: true },
      { name: "subjectAltName", altNames: [isAddress ? { type: 7, ip: name } : { type: 2, value: name }] },
    ],
  });
  return { cert: made.cert, key: made.private };
}
