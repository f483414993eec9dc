import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP, type Socket } from "node:net";
import path from "node:path";
import { connect, createSecureContext, type ConnectionOptions, type SecureContext, type TLSSocket } from "node:tls";
import { reasonOf, SluiceError, type UpstreamTlsConfig } from "../contract/index.ts";

const PEM = "-----BEGIN";
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** TLS towards one upstream: certificates are read once, and shared by its connections. */
export interface UpstreamTls {
  /**
   * Starts TLS on a socket that is connected. The result emits `secureConnect` once the certificate has been verified against the
   * configured name, or else `host`; an error otherwise.
   *
   * @param host the endpoint's host: a name, or an IP address, which is matched against the certificate's IP names and not sent as SNI
   */
  wrap(socket: Socket, host: string): TLSSocket;
}

/**
 * Reads what an upstream's `tls` option names.
 *
 * @param folder where relative paths start; the working directory by default
 * @throws SLUICE_CERTIFICATE_INVALID naming the option, the file and the reason
 */
export function createUpstreamTls(config: UpstreamTlsConfig, folder = "."): UpstreamTls {
  const options: ConnectionOptions = {
    secureContext: readContext(config, folder),
    rejectUnauthorized: config.verify ?? true,
    ...(config.alpn === undefined ? {} : { ALPNProtocols: [...config.alpn] }),
  };
  return {
    wrap(socket, host) {
      const name = config.serverName ?? host;
      // SNI carries no IP addresses (RFC 6066 section 3); `host` is what Node checks the certificate against without it.
      return connect({ ...options, socket, host: name, ...(isIP(name) === 0 && name !== "" ? { servername: name } : {}) });
    },
  };
}

function readContext(config: UpstreamTlsConfig, folder: string): SecureContext {
  const ca = config.ca === undefined ? undefined : [config.ca].flat().map((given) => readCertificates("ca", given, folder));
  if ((config.cert === undefined) !== (config.key === undefined)) {
    throw invalid(config.cert === undefined ? "cert" : "key", "missing: `cert` and `key` go together");
  }
  const cert = config.cert === undefined ? undefined : readCertificates("cert", config.cert, folder);
  const key = config.key === undefined ? undefined : readPem("key", config.key, folder);
  try {
    return createSecureContext({ minVersion: "TLSv1.2", ca, cert, key });
  } catch (error) {
    // The certificates have been parsed: what is left is the key, or that it belongs to another certificate.
    throw invalid("key", `${source(config.key ?? "")}: ${reasonOf(error)}`, error);
  }
}

function readCertificates(option: string, given: string, folder: string): string {
  const text = readPem(option, given, folder);
  const certificates = text.match(CERTIFICATES) ?? [];
  if (certificates.length === 0) throw invalid(option, `${source(given)}: it holds no certificate in PEM format`);
  try {
    certificates.forEach((certificate) => new X509Certificate(certificate));
  } catch (error) {
    throw invalid(option, `${source(given)}: ${reasonOf(error)}`, error);
  }
  return text;
}

function readPem(option: string, given: string, folder: string): string {
  if (given.includes(PEM)) return given;
  try {
    return readFileSync(path.resolve(folder, given), "utf8");
  } catch (error) {
    throw invalid(option, `${source(given)}: ${reasonOf(error)}`, error);
  }
}

function source(given: string): string {
  return given.includes(PEM) ? "the PEM text given" : given;
}

function invalid(option: string, detail: string, cause?: unknown): SluiceError {
  return new SluiceError("SLUICE_CERTIFICATE_INVALID", `upstream.tls.${option}: ${detail}`, cause === undefined ? {} : { cause });
}
