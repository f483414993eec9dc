import { existsSync, readFileSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import tls from "node:tls";

/** The places where systems keep the bundle that `update-ca-certificates` and similar tools write (the same list as in Go's crypto/x509). */
const bundles: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/**
 * The files and folders whose certificates this system trusts: `SSL_CERT_FILE` and `SSL_CERT_DIR` where they are set (OpenSSL,
 * SSL_CTX_load_verify_locations(3)), else the system's bundle; and `NODE_EXTRA_CA_CERTS`.
 */
export function systemAuthorityFiles(): readonly string[] {
  const { SSL_CERT_FILE: file = "", SSL_CERT_DIR: folders = "", NODE_EXTRA_CA_CERTS: extra = "" } = process.env;
  const named = [file, ...folders.split(path.delimiter)].filter((one) => one !== "");
  const own = named.length > 0 ? named : bundles.filter((bundle) => existsSync(bundle)).slice(0, 1);
  return extra === "" ? own : [...own, extra];
}

/**
 * The certificates that an upstream is verified with if the config names no CA: Node's own roots, and those that the system trusts. Node 20 itself
 * uses only its own.
 * @returns PEM; a file that cannot be read adds nothing
 */
export function systemAuthorities(files: readonly string[]): string {
  const read = files.flatMap(textsOf);
  // Newer versions of Node can ask a system that has no such file (Windows, macOS).
  const asked = files.length === 0 && "getCACertificates" in tls ? (tls.getCACertificates as (of: string) => string[])("system") : [];
  return [...tls.rootCertificates, ...read, ...asked].join("\n");
}

function textsOf(file: string): readonly string[] {
  try {
    const files = statSync(file).isDirectory() ? readdirSync(file).map((name) => path.join(file, name)) : [file];
    return files
      .filter((one) => statSync(one).isFile())
      .map((one) => readFileSync(one, "utf8"))
      .filter((text) => text.includes("CERTIFICATE-----"));
  } catch {
    return [];
  }
}
