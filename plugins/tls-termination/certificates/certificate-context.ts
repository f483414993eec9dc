import { constants, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { invalidCertificate } from "./invalid-certificate.ts";
import type { KeyPair } from "./key-pair.ts";

/** The certificates of one name, ready for handshakes. */
export interface CertificateContext {
  readonly context: SecureContext;
  /** The options from which the context was made. */
  readonly material: SecureContextOptions;
}

/** The options that all certificates of a listener share. */
export interface ContextOptions {
  /** The CAs with which clients' certificates are verified. */
  readonly ca: readonly string[];
  /** Lists of clients' certificates that are no longer valid. */
  readonly crl: readonly string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** Whether clients may resume earlier TLS sessions. */
  readonly resume: boolean;
}

/**
 * Makes a context from certificates with keys of different types: OpenSSL sends a client the one that it can verify.
 * @throws SLUICE_CERTIFICATE_INVALID
 */
export function createCertificateContext(
  pairs: readonly [KeyPair, ...KeyPair[]],
  { ca, crl, minVersion, resume }: ContextOptions,
): CertificateContext {
  const material: SecureContextOptions = {
    cert: pairs.map(({ cert }) => cert),
    key: pairs.map(({ key, passphrase }) => (passphrase === undefined ? { pem: key } : { pem: key, passphrase })),
    // A trust anchor need not be a root: an intermediate CA or a client's own certificate is trusted too.
    ...(ca.length === 0 ? {} : { ca: [...ca], allowPartialTrustChain: true }),
    ...(crl.length === 0 ? {} : { crl: [...crl] }),
    minVersion,
    honorCipherOrder: true,
    // Renegotiation is useful only to attackers. Without tickets nothing can be resumed, since Node keeps no sessions on the server's side.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION | (resume ? 0 : constants.SSL_OP_NO_TICKET),
    // Without this, a client with a certificate cannot resume its session (SSL_CTX_set_session_id_context).
    sessionIdContext: "sluice",
  };
  try {
    return { material, context: createSecureContext(material) };
  } catch (error) {
    throw invalidCertificate(pairs[0].where, "TLS refuses the certificate or its key", error);
  }
}

/** `rsa`, `ec`, `ed25519`, … */
export function keyTypeOf({ cert }: KeyPair): string | undefined {
  return new X509Certificate(cert).publicKey.asymmetricKeyType;
}
