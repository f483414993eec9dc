import { definePlugin, LOGGER, OPTIONS, PLACE, reasonOf, SluiceError } from "sluice";
import type { Logger, Place, Plugin, ServerTlsOptions, Session } from "sluice";
import { constants } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { resolve } from "node:path";
import { concatMap, from, map, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import { CertificateSet, type NamedContext } from "./certificate-set.ts";
import { stampFiles, watchFiles } from "./changed-files.ts";
import { invalidCertificate } from "./invalid-certificate.ts";
import { KeyLog } from "./key-log.ts";
import { loadAuthorities, loadKeyPair, type KeyPair } from "./key-pair.ts";
import { tlsTerminationSchema, type TlsTerminationOptions } from "./options.ts";
import { isPem, pemPath } from "./pem-source.ts";

/** How often certificates that Sluice made itself are looked at; they are renewed a month before they end. */
const RENEWAL = 12 * 3_600_000;

/** Speaks TLS with the client: later hooks and the upstream see what was encrypted. */
@injectable()
export class TlsTermination implements Plugin {
  static readonly borrows = true;
  readonly handshakeTimeout: number | undefined;
  #certificates: CertificateSet | undefined;
  readonly #offers = new WeakMap<NamedContext, ServerTlsOptions>();
  #keyLog: KeyLog | undefined;
  #stops: (() => void)[] = [];

  readonly #warn = (message: string): void => {
    this.logger.warn(message);
  };

  constructor(
    @inject(OPTIONS) private readonly options: TlsTerminationOptions,
    @inject(PLACE) private readonly place: Place,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    this.handshakeTimeout = options.handshakeTimeout;
  }

  /** @throws SLUICE_CERTIFICATE_INVALID, SLUICE_CONFIG_INVALID */
  async setup(): Promise<void> {
    if (this.place.transport === "udp") {
      throw new SluiceError(
        "SLUICE_CONFIG_INVALID",
        `listener "${this.place.listener}": tlsTermination needs a listener of streams, not udp://`,
      );
    }
    const files = this.#files();
    const stamps = await stampFiles(files);
    this.#certificates = await this.#load();
    const { keyLog, selfSigned } = this.options;
    if (keyLog !== undefined) {
      const file = resolve(this.place.folder, keyLog);
      this.#keyLog = await KeyLog.open(file);
      this.logger.warn({ file }, "the secrets of TLS sessions are being logged: whoever reads the file can decrypt them");
    }
    if (selfSigned !== undefined) this.#every(RENEWAL);
    if (files.length > 0) this.#stops.push(watchFiles(files, stamps, async () => this.#reload()));
  }

  async teardown(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    const keyLog = this.#keyLog;
    this.#keyLog = undefined;
    await keyLog?.close();
  }

  admit(arrival: Observable<Session>, session: Session): Observable<Session> {
    return arrival.pipe(concatMap(() => from(session.startTls(this.#serverOptions(session))).pipe(map(() => session))));
  }

  /** One object per certificate: the core sets TLS up once for each. */
  #serverOptions(session: Session): ServerTlsOptions {
    const certificates = this.#certificates;
    if (certificates === undefined) throw new SluiceError("SLUICE_INTERNAL", "tlsTermination was used before its setup()");
    const certificate = certificates.forAddress(session.local.address);
    const offered = this.#offers.get(certificate);
    if (offered !== undefined) return offered;
    const { alpn, clientAuth, allowTruncation } = this.options;
    const offer: ServerTlsOptions = {
      ...certificate.material,
      secureContext: certificate.context,
      SNICallback: (name, done) => {
        done(null, certificates.forName(name).context);
      },
      allowTruncation,
      ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
      ...(clientAuth === undefined ? {} : { requestCert: true, rejectUnauthorized: clientAuth.require }),
      ...(this.#keyLog === undefined ? {} : { onKeyLog: (line: Buffer) => this.#keyLog?.write(line) }),
    };
    this.#offers.set(certificate, offer);
    return offer;
  }

  /** Replaces what new handshakes use; open sessions keep theirs. What cannot be used is refused, and the old stays. */
  async #reload(): Promise<void> {
    try {
      this.#certificates = await this.#load();
      this.logger.info("certificates reloaded");
    } catch (error) {
      this.logger.warn({ reason: reasonOf(error) }, "changed certificates refused, the old ones stay");
    }
  }

  async #load(): Promise<CertificateSet> {
    const [pairs, ca] = await Promise.all([this.#pairs(), this.#clientCa()]);
    const [first, ...others] = pairs.map((pair) => this.#context(pair, ca));
    if (first === undefined) throw new SluiceError("SLUICE_INTERNAL", "tlsTermination has no certificate");
    return new CertificateSet([first, ...others]);
  }

  /** The makers of certificates are loaded when they are needed: they cost more to load than all other plugins together. */
  async #pairs(): Promise<KeyPair[]> {
    const { selfSigned, ca, cert, key, certificates = [] } = this.options;
    const { folder } = this.place;
    const warn = this.#warn;
    if (selfSigned !== undefined && ca) return (await import("./local-leaf.ts")).localLeaves(folder, selfSigned, warn);
    if (selfSigned !== undefined) return [await (await import("./lone-certificate.ts")).loneCertificate(selfSigned)];
    const single = cert === undefined || key === undefined ? [] : [{ names: [], cert, key }];
    return Promise.all([...single, ...certificates].map(async (files) => loadKeyPair({ ...files, folder }, warn)));
  }

  async #clientCa(): Promise<string[]> {
    const given = this.options.clientAuth?.ca ?? [];
    return Promise.all(given.map(async (ca) => loadAuthorities(ca, this.place.folder, this.#warn)));
  }

  #context({ where, names, cert, key }: KeyPair, ca: string[]): NamedContext {
    const material: SecureContextOptions = {
      cert,
      key,
      ...(ca.length === 0 ? {} : { ca }),
      minVersion: this.options.minVersion,
      honorCipherOrder: true,
      // Renegotiation is of use to attackers alone.
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      // Without one, a client that shows a certificate cannot resume its session (SSL_CTX_set_session_id_context).
      sessionIdContext: "sluice",
    };
    try {
      return { names, material, context: createSecureContext(material) };
    } catch (error) {
      throw invalidCertificate(where, "TLS refuses the certificate or its key", error);
    }
  }

  #files(): string[] {
    const { cert, key, certificates = [], clientAuth } = this.options;
    const values = [cert, key, ...certificates.flatMap((one) => [one.cert, one.key]), ...(clientAuth?.ca ?? [])];
    return values.flatMap((value) => (value === undefined || isPem(value) ? [] : [pemPath(value, this.place.folder)]));
  }

  #every(milliseconds: number): void {
    const timer = setInterval(() => void this.#reload(), milliseconds);
    timer.unref();
    this.#stops.push(() => {
      clearInterval(timer);
    });
  }
}

/** Makes a use of {@link TlsTermination}. */
export const tlsTermination = definePlugin("tlsTermination", TlsTermination, tlsTerminationSchema);
