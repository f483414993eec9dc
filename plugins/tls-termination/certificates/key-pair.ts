import { createPrivateKey, type KeyObject, type X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import { certificatesIn, checkValidity, readPem, type Pem } from "sluice";
import { invalidCertificate } from "./invalid-certificate.ts";

/** A certificate (chain) with its private key, as PEM, and the names for which it is chosen. */
export interface KeyPair {
  /** The certificate's file, or the option it came from, for messages. */
  readonly where: string;
  readonly names: readonly string[];
  readonly cert: string;
  readonly key: string;
  /** The passphrase of an encrypted key. */
  readonly passphrase?: string | undefined;
}

export interface KeyPairFiles extends Omit<KeyPair, "where"> {
  /** The folder of relative paths. */
  readonly folder: string;
}

/**
 * Reads a certificate and its key, and refuses a pair that no client would accept.
 *
 * @param warn called for possible problems: a certificate that expires soon, a key file that others may read, a name that is not covered
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export function loadKeyPair(files: KeyPairFiles, warn: (message: string) => void): KeyPair {
  const cert = readPem(files.cert, files.folder, "cert");
  const key = readPem(files.key, files.folder, "key");
  const [certificate] = certificatesIn(cert);
  checkValidity(certificate, cert, warn);
  if (!certificate.checkPrivateKey(parseKey(key, files.passphrase))) {
    throw invalidCertificate(key.where, `the key does not match the certificate in ${cert.where}`);
  }
  if (key.exposed) warn(`${key.where}: others may read this private key: chmod 600`);
  for (const name of files.names) {
    if (!name.startsWith("*.") && !covers(certificate, name)) warn(`${cert.where}: the certificate does not cover ${name}`);
  }
  return { where: cert.where, names: files.names, cert: cert.text, key: key.text, passphrase: files.passphrase };
}

/** Reads the certificates of the CAs with which clients' certificates are verified. @throws SLUICE_CERTIFICATE_INVALID */
export function loadAuthorities(ca: string, folder: string, warn: (message: string) => void): string {
  const source = readPem(ca, folder, "clientAuth.ca");
  for (const { subject, validTo } of certificatesIn(source))
    if (Date.parse(validTo) < Date.now())
      warn(
        `${source.where}: the CA ${subject.replaceAll("\n", ", ")} expired at ${new Date(validTo).toISOString()}: its clients are refused`,
      );
  return source.text;
}

/** Reads a certificate revocation list. @throws SLUICE_CERTIFICATE_INVALID */
export function loadRevocations(crl: string, folder: string): string {
  const { text, where } = readPem(crl, folder, "clientAuth.crl");
  try {
    createSecureContext({ crl: text });
  } catch (error) {
    throw invalidCertificate(where, "no certificate revocation list (CRL) can be read from it", error);
  }
  return text;
}

function parseKey({ text, where }: Pem, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const help = /ENCRYPTED/.test(text) ? ` (it is encrypted: ${passphrase === undefined ? "give" : "check"} the option "passphrase")` : "";
    throw invalidCertificate(where, `no private key can be read from it${help}`, error);
  }
}

function covers(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
}
