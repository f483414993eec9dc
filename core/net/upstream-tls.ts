import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { isIP, type Socket } from "node:net";
import path from "node:path";
import { connect, createSecureContext, type ConnectionOptions, type SecureContext, type TLSSocket } from "node:tls";
import { reasonOf, SluiceError, type UpstreamTlsConfig } from "../contract/index.ts";
import { watchTruncation } from "./tls-truncation.ts";

const PEM = "-----BEGIN";
const DAY = 86_400_000;
const NEAR_EXPIRY = 14 * DAY;
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

/** Where the option stands. */
export interface UpstreamTlsPlace {
  /** Where relative paths start. @default the working directory */
  readonly folder?: string | undefined;
  /** The path of the upstream in the config, behind the config's file, for messages. @default "upstream" */
  readonly place?: string | undefined;
  /** Told what is not wrong yet: a certificate that ends soon, a key file that others may read. */
  readonly warn?: ((message: string) => void) | undefined;
}

/**
 * Reads what an upstream's `tls` option names.
 *
 * @throws SLUICE_CERTIFICATE_INVALID naming the option, the file and the reason
 */
export function createUpstreamTls(config: UpstreamTlsConfig, place: UpstreamTlsPlace = {}): UpstreamTls {
  const options: ConnectionOptions = {
    secureContext: new Material(place).context(config),
    rejectUnauthorized: config.verify ?? true,
    ...(config.alpn === undefined ? {} : { ALPNProtocols: [...config.alpn] }),
  };
  return {
    wrap(socket, host) {
      // RFC 6066 section 3: SNI carries no final dot.
      const name = (config.serverName ?? host).replace(/\.$/, "");
      // SNI carries no IP addresses (RFC 6066 section 3); `host` is what Node checks the certificate against without it.
      const secured = connect({ ...options, socket, host: name, ...(isIP(name) === 0 && name !== "" ? { servername: name } : {}) });
      if (config.allowTruncation !== true) watchTruncation(secured);
      return secured;
    },
  };
}

/** Reads the PEM of an upstream's `tls` option, and refuses what no upstream would accept. */
class Material {
  readonly #place: string;
  readonly #folder: string;
  readonly #warn: (message: string) => void;

  constructor({ folder = ".", place = "upstream", warn = () => undefined }: UpstreamTlsPlace) {
    this.#place = place;
    this.#folder = folder;
    this.#warn = warn;
  }

  context(config: UpstreamTlsConfig): SecureContext {
    const ca = config.ca === undefined ? undefined : [config.ca].flat().map((given) => this.#certificates("ca", given).text);
    if ((config.cert === undefined) !== (config.key === undefined)) {
      throw this.#invalid(config.cert === undefined ? "cert" : "key", "missing: `cert` and `key` go together");
    }
    const cert = config.cert === undefined ? undefined : this.#ownCertificate(config.cert);
    const key = config.key === undefined ? undefined : this.#key(config.key);
    try {
      return createSecureContext({ minVersion: "TLSv1.2", ca, cert, key });
    } catch (error) {
      // The certificates have been parsed: what is left is the key, or that it belongs to another certificate.
      throw this.#invalid("key", `${this.#source(config.key ?? "")}: ${reasonOf(error)}`, error);
    }
  }

  #certificates(option: string, given: string): { text: string; first: X509Certificate } {
    const text = this.#read(option, given);
    try {
      const [first] = (text.match(CERTIFICATES) ?? []).map((certificate) => new X509Certificate(certificate));
      if (first !== undefined) return { text, first };
    } catch (error) {
      throw this.#invalid(option, `${this.#source(given)}: ${reasonOf(error)}`, error);
    }
    throw this.#invalid(option, `${this.#source(given)}: it holds no certificate in PEM format`);
  }

  #ownCertificate(given: string): string {
    const { text, first } = this.#certificates("cert", given);
    const [from, to] = [Date.parse(first.validFrom), Date.parse(first.validTo)];
    const now = Date.now();
    const source = this.#source(given);
    if (now > to) throw this.#invalid("cert", `${source}: the certificate expired at ${new Date(to).toISOString()}`);
    if (now < from)
      throw this.#invalid("cert", `${source}: the certificate is not yet valid: it starts at ${new Date(from).toISOString()}`);
    if (to - now < NEAR_EXPIRY)
      this.#warn(`${this.#place}.tls.cert: ${source}: the certificate expires in ${Math.floor((to - now) / DAY)} days`);
    return text;
  }

  #key(given: string): string {
    const text = this.#read("key", given);
    if (!given.includes(PEM) && (statSync(path.resolve(this.#folder, given)).mode & 0o077) !== 0)
      this.#warn(`${this.#place}.tls.key: ${this.#source(given)}: others may read this private key: chmod 600`);
    return text;
  }

  #read(option: string, given: string): string {
    if (given.includes(PEM)) return given;
    try {
      return readFileSync(path.resolve(this.#folder, given), "utf8");
    } catch (error) {
      throw this.#invalid(option, `${this.#source(given)}: ${reasonOf(error)}`, error);
    }
  }

  #source(given: string): string {
    return given.includes(PEM) ? "the PEM text given" : path.resolve(this.#folder, given);
  }

  #invalid(option: string, detail: string, cause?: unknown): SluiceError {
    const where = `${this.#place}.tls.${option}`;
    return new SluiceError("SLUICE_CERTIFICATE_INVALID", detail, cause === undefined ? { where } : { where, cause });
  }
}
