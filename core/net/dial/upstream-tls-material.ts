import { X509Certificate } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import path from "node:path";
import { createSecureContext, type SecureContext } from "node:tls";
import { reasonOf, SluiceError, type UpstreamTlsConfig } from "../../contract/index.ts";
import { systemAuthorities, systemAuthorityFiles } from "./system-authorities.ts";

const PEM = "-----BEGIN";
const DAY = 86_400_000;
const NEAR_EXPIRY = 14 * DAY;
const CERTIFICATES = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Where the option stands. */
export interface UpstreamTlsPlace {
  /** Where relative paths start. @default the working directory */
  readonly folder?: string | undefined;
  /** The path of the upstream in the config, behind the config's file, for messages. @default "upstream" */
  readonly place?: string | undefined;
  /** Told what is not wrong yet: a certificate that ends soon, a key file that others may read. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** Reads the PEM of an upstream's `tls` option, and refuses what no upstream would accept. */
export class UpstreamTlsMaterial {
  readonly #place: string;
  readonly #folder: string;
  readonly #warn: (message: string) => void;

  constructor(
    private readonly config: UpstreamTlsConfig,
    { folder = ".", place = "upstream", warn = () => undefined }: UpstreamTlsPlace,
  ) {
    this.#place = place;
    this.#folder = folder;
    this.#warn = warn;
  }

  /** The files that the context is made of. */
  get files(): readonly string[] {
    const { ca, cert, key } = this.config;
    const given = [ca ?? [], cert ?? [], key ?? []].flat().filter((one) => !one.includes(PEM));
    const own = given.map((one) => path.resolve(this.#folder, one));
    return ca === undefined ? [...own, ...systemAuthorityFiles()] : own;
  }

  /** @throws SLUICE_CERTIFICATE_INVALID naming the option, the file and the reason */
  context(): SecureContext {
    const { config } = this;
    if ((config.cert === undefined) !== (config.key === undefined)) {
      throw this.#invalid(config.cert === undefined ? "cert" : "key", "missing: `cert` and `key` go together");
    }
    const ca = config.ca === undefined ? systemAuthorities(systemAuthorityFiles()) : this.#named(config.ca);
    const cert = config.cert === undefined ? undefined : this.#ownCertificate(config.cert);
    const key = config.key === undefined ? undefined : this.#key(config.key);
    // A trust anchor that is named need not be a root: a CA below one, or the upstream's own certificate, is meant as it is given.
    const allowPartialTrustChain = config.ca !== undefined;
    try {
      return createSecureContext({ minVersion: "TLSv1.2", ca, cert, key, passphrase: config.passphrase, allowPartialTrustChain });
    } catch (error) {
      // The certificates have been parsed: what is left is the key, or that it belongs to another certificate.
      const help = key?.includes("ENCRYPTED") === true ? ' (it is encrypted: see the option "passphrase")' : "";
      throw this.#invalid("key", `${this.#source(config.key ?? "")}: ${reasonOf(error)}${help}`, error);
    }
  }

  #named(ca: string | readonly string[]): string[] {
    return [ca].flat().map((given) => this.#certificates("ca", given).text);
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
