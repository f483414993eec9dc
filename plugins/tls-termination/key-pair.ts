import { createPrivateKey, X509Certificate, type KeyObject } from "node:crypto";
import { isIP } from "node:net";
import { invalidCertificate } from "./invalid-certificate.ts";
import { readPem, type PemSource } from "./pem-source.ts";

const DAY = 86_400_000;
const UNREADABLE = "no certificate can be read from it";
const NEAR_EXPIRY = 14 * DAY;

/** A certificate (chain) with its private key, as PEM, and the names that it is chosen by. */
export interface KeyPair {
  /** The certificate's file, or the option it came from, for messages. */
  readonly where: string;
  readonly names: readonly string[];
  readonly cert: string;
  readonly key: string;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string | undefined;
}

export interface KeyPairFiles extends Omit<KeyPair, "where"> {
  /** Where relative paths start. */
  readonly folder: string;
}

/**
 * Reads a certificate and its key, and refuses what no client would accept.
 *
 * @param warn told what is not wrong yet: an early end, a key file that others may read, a name that is not covered
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export async function loadKeyPair(files: KeyPairFiles, warn: (message: string) => void): Promise<KeyPair> {
  const [cert, key] = await Promise.all([readPem(files.cert, files.folder, "cert"), readPem(files.key, files.folder, "key")]);
  const [certificate] = parseCertificates(cert);
  checkDates(certificate, cert.where, warn);
  if (!certificate.checkPrivateKey(parseKey(key, files.passphrase))) {
    throw invalidCertificate(key.where, `the key does not match the certificate in ${cert.where}`);
  }
  if (key.exposed) warn(`${key.where}: others may read this private key: chmod 600`);
  for (const name of files.names) {
    if (!name.startsWith("*.") && !covers(certificate, name)) warn(`${cert.where}: the certificate does not cover ${name}`);
  }
  return { where: cert.where, names: files.names, cert: cert.text, key: key.text, passphrase: files.passphrase };
}

/**
 * Every certificate of a chain or bundle, as TLS would read it.
 * @throws SLUICE_CERTIFICATE_INVALID when one cannot be read, or there is none
 */
function parseCertificates({ text, where }: PemSource): [X509Certificate, ...X509Certificate[]] {
  const blocks = text.split(/(?=-----BEGIN )/).filter((block) => /^-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/.test(block));
  const parsed = blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw invalidCertificate(where, index === 0 ? UNREADABLE : `certificate ${index + 1} of ${blocks.length} cannot be read`, error);
    }
  });
  const [first, ...others] = parsed;
  if (first === undefined) throw invalidCertificate(where, UNREADABLE);
  return [first, ...others];
}

/** Reads the certificates that clients' own are verified with. @throws SLUICE_CERTIFICATE_INVALID */
export async function loadAuthorities(ca: string, folder: string, warn: (message: string) => void): Promise<string> {
  const source = await readPem(ca, folder, "clientAuth.ca");
  for (const { subject, validTo } of parseCertificates(source))
    if (Date.parse(validTo) < Date.now())
      warn(
        `${source.where}: the CA ${subject.replaceAll("\n", ", ")} expired at ${new Date(validTo).toISOString()}: its clients are refused`,
      );
  return source.text;
}

function parseKey({ text, where }: PemSource, passphrase: string | undefined): KeyObject {
  try {
    return createPrivateKey({ key: text, ...(passphrase === undefined ? {} : { passphrase }) });
  } catch (error) {
    const help = /ENCRYPTED/.test(text) ? ` (it is encrypted: ${passphrase === undefined ? "give" : "check"} the option "passphrase")` : "";
    throw invalidCertificate(where, `no private key can be read from it${help}`, error);
  }
}

// Clients compare with the wall clock, so the injected CLOCK does not matter here.
function checkDates(certificate: X509Certificate, where: string, warn: (message: string) => void): void {
  const now = Date.now();
  const from = Date.parse(certificate.validFrom);
  const to = Date.parse(certificate.validTo);
  if (now > to) throw invalidCertificate(where, `the certificate expired at ${new Date(to).toISOString()}`);
  if (now < from) throw invalidCertificate(where, `the certificate is not yet valid: it starts at ${new Date(from).toISOString()}`);
  if (to - now < NEAR_EXPIRY)
    warn(`${where}: the certificate expires in ${Math.floor((to - now) / DAY)} days, at ${new Date(to).toISOString()}`);
}

function covers(certificate: X509Certificate, name: string): boolean {
  return (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
}
