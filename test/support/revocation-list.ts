import { createPrivateKey, webcrypto, X509Certificate } from "node:crypto";
import { X509CrlGenerator } from "../../plugins/tls-termination/authority/x509.ts";
import type { TestCertificate } from "./certificates.ts";

/** Makes a revocation list (CRL) in PEM, valid for a day. @param ca an authority with a key on the curve P-256 */
export async function revocationList(ca: TestCertificate, revoked: readonly TestCertificate[] = []): Promise<string> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const der = createPrivateKey(ca.key).export({ type: "pkcs8", format: "der" });
  const list = await X509CrlGenerator.create(
    {
      issuer: new X509Certificate(ca.cert).subject.replaceAll("\n", ", "),
      thisUpdate: new Date(Date.now() - 3_600_000),
      nextUpdate: new Date(Date.now() + 24 * 3_600_000),
      ...(revoked.length === 0 ? {} : { entries: revoked.map(({ cert }) => ({ serialNumber: new X509Certificate(cert).serialNumber })) }),
      signingAlgorithm: algorithm,
      signingKey: await webcrypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]),
    },
    webcrypto,
  );
  return list.toString("pem").replaceAll(" CRL-----", " X509 CRL-----").replaceAll("X509 X509", "X509");
}
