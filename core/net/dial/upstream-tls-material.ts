import { createSecureContext, type SecureContext } from "node:tls";
import { reasonOf, SluiceError, type UpstreamTlsConfig } from "../../contract/index.ts";
import { certificatesIn, checkValidity, pemFile, readPem, type Pem } from "../pem.ts";
import { systemAuthorities, systemAuthorityFiles } from "./system-authorities.ts";

const GIVEN = "the PEM text given";

/** The place of a `tls` option, for messages and relative paths. */
export interface UpstreamTlsPlace {
  /** Where relative paths start. @default the working directory */
  readonly folder?: string | undefined;
  /** The path of the upstream in the config, behind the config's file, for messages. @default "upstream" */
  readonly place?: string | undefined;
  /** Called for what is not yet an error: a certificate that ends soon, a key file that others may read. */
  readonly warn?: ((message: string) => void) | undefined;
}

/** Reads the PEM of an upstream's `tls` option, and refuses what no upstream would accept, such as an expired certificate. */
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

  /** The files that the context is made from. */
  get files(): readonly string[] {
    const { ca, cert, key } = this.config;
    const own = [ca ?? [], cert ?? [], key ?? []].flat().flatMap((one) => pemFile(one, this.#folder) ?? []);
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
    // A `ca` that the config names need not be a root: an intermediate CA, or the upstream's own certificate, is trusted too.
    const allowPartialTrustChain = config.ca !== undefined;
    try {
      return createSecureContext({ minVersion: "TLSv1.2", ca, cert, key, passphrase: config.passphrase, allowPartialTrustChain });
    } catch (error) {
      // The certificates have been parsed, so the key is wrong, or belongs to another certificate.
      const help = key?.includes("ENCRYPTED") === true ? ' (it is encrypted: see the option "passphrase")' : "";
      throw this.#invalid("key", `${this.#source(config.key)}: ${reasonOf(error)}${help}`, error);
    }
  }

  #source(given = ""): string {
    return pemFile(given, this.#folder) ?? GIVEN;
  }

  #named(ca: string | readonly string[]): string[] {
    return [ca].flat().map((given) =>
      this.#read("ca", given, (pem) => {
        certificatesIn(pem);
      }),
    );
  }

  #ownCertificate(given: string): string {
    return this.#read("cert", given, (pem) => {
      const [own] = certificatesIn(pem);
      checkValidity(own, pem, (message) => this.#warn(`${this.#place}.tls.cert: ${message}`));
    });
  }

  #key(given: string): string {
    return this.#read("key", given, ({ where, exposed }) => {
      if (exposed) this.#warn(`${this.#place}.tls.key: ${where}: others may read this private key: chmod 600`);
    });
  }

  #read(option: string, given: string, check: (pem: Pem) => void): string {
    try {
      const pem = readPem(given, this.#folder, option);
      check(pemFile(given, this.#folder) === undefined ? { ...pem, where: GIVEN } : pem);
      return pem.text;
    } catch (error) {
      if (!SluiceError.is(error)) throw error;
      throw this.#invalid(option, `${error.where}: ${error.cause === undefined ? error.detail : reasonOf(error.cause)}`, error);
    }
  }

  #invalid(option: string, detail: string, cause?: unknown): SluiceError {
    const where = `${this.#place}.tls.${option}`;
    return new SluiceError("SLUICE_CERTIFICATE_INVALID", detail, cause === undefined ? { where } : { where, cause });
  }
}
