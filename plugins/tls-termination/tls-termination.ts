import { clientHello, definePlugin, LOGGER, OPTIONS, pemFile, PLACE, reasonOf, SluiceError } from "sluice";
import type { Logger, Place, Plugin, ServerTlsOptions, Session, ShownCertificate } from "sluice";
import { resolve } from "node:path";
import { concatMap, type Observable } from "rxjs";
import { inject, injectable } from "tsyringe";
import type { TlsTerminationConfig } from "./config.ts";
import type { PluginFactory } from "sluice";
import { caFolderOf } from "./authority/ca-folder.ts";
import { canonicalName } from "./certificates/canonical-name.ts";
import { createCertificateContext, type CertificateContext, type ContextOptions } from "./certificates/certificate-context.ts";
import { CertificateSet } from "./certificates/certificate-set.ts";
import { stampFiles, watchFiles } from "./changed-files.ts";
import { KeyLog } from "./key-log.ts";
import { loadAuthorities, loadKeyPair, loadRevocations, type KeyPair } from "./certificates/key-pair.ts";
import { tlsTerminationSchema, type TlsTerminationOptions } from "./options.ts";
import { shownCertificates } from "./certificates/shown-certificates.ts";
import { WildcardLeaves } from "./authority/wildcard-leaves.ts";

/** The time between checks of the certificates that Sluice made itself; they are renewed a month before their end. */
const RENEWAL = 12 * 3_600_000;
/** The first byte of TLS (RFC 8446 section 5.1): a record of the handshake. */
const HANDSHAKE = 22;

/** Does TLS with the client: later hooks and the upstream see the decrypted data. */
@injectable()
export class TlsTermination implements Plugin {
  static readonly borrows = true;
  readonly terminatesTls = true;
  readonly allowsPlain: boolean;
  readonly handshakeTimeout: number | undefined;
  #certificates: CertificateSet | undefined;
  #shown: readonly ShownCertificate[] = [];
  readonly #offers = new WeakMap<CertificateContext, ServerTlsOptions>();
  #wildcards: WildcardLeaves | undefined;
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
    this.allowsPlain = options.optional;
  }

  /** @throws SLUICE_CERTIFICATE_INVALID, SLUICE_CONFIG_INVALID */
  async setup(): Promise<void> {
    if (this.place.datagrams) {
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
    if (selfSigned !== undefined) this.#renewRegularly();
    if (files.length > 0) this.#stops.push(watchFiles(files, stamps, async () => this.#reload()));
  }

  async teardown(): Promise<void> {
    for (const stop of this.#stops) stop();
    this.#stops = [];
    const keyLog = this.#keyLog;
    this.#keyLog = undefined;
    await keyLog?.close();
    if (keyLog !== undefined && keyLog.lost > 0)
      this.logger.warn({ lines: keyLog.lost }, "lines of the key log were lost: the disk was full or slow");
  }

  certificates(): readonly ShownCertificate[] {
    return this.#shown;
  }

  admit(arrival: Observable<Session>, session: Session): Observable<Session> {
    return arrival.pipe(
      concatMap(async () => {
        // A plugin before this one knows that its protocol has no TLS here.
        if (session.notes.get("startTls") === "plain") return session;
        if (this.options.optional && !(await this.#beginsTls(session))) return session;
        const { clientCertificateError: refusal } = await session.startTls(this.#offerOf(await this.#certificateFor(session)));
        // Without `require` a client may have no certificate, but a certificate must be valid.
        if (refusal === undefined) return session;
        throw new SluiceError("SLUICE_CLIENT_TLS", `${String(session.client)}: its certificate is refused (${refusal})`);
      }),
    );
  }

  /** Whether the client begins TLS. On a tls:// listener the core has checked it already. */
  #beginsTls(session: Session): boolean | Promise<boolean> {
    if (session.tls !== undefined) return true;
    const { handshakeTimeout: timeout } = this.options;
    return session.readFirst(([first]) => ({ taken: 0, value: first === HANDSHAKE }), timeout === undefined ? {} : { timeout });
  }

  /**
   * Chooses before the handshake, and not in Node's `SNICallback`: that replaces only one certificate of the context that the handshake began with, so
   * that a client can get another name's certificate with a key of another type.
   */
  #certificateFor(session: Session): CertificateContext | Promise<CertificateContext> {
    const { only } = this.#chosen;
    return only === undefined || this.#wildcards !== undefined ? this.#certificateByName(session) : only;
  }

  async #certificateByName(session: Session): Promise<CertificateContext> {
    const name = session.tls === undefined ? await this.#serverName(session) : session.tls.serverName;
    const certificates = this.#chosen;
    if (name === undefined) return certificates.forAddress(session.local.address);
    const found = certificates.forName(name);
    return (await this.#wildcardLeaf(certificates, name)?.catch(() => found)) ?? found;
  }

  get #chosen(): CertificateSet {
    if (this.#certificates === undefined) throw new SluiceError("SLUICE_INTERNAL", "tlsTermination was used before its setup()");
    return this.#certificates;
  }

  /** The name that the client asks for. On a tls:// listener the core has read it already. */
  #serverName(session: Session): Promise<string | undefined> {
    const { handshakeTimeout: timeout } = this.options;
    return session.readFirst(
      (bytes, end) => {
        const hello = clientHello(bytes);
        if (hello !== "more") return { taken: 0, value: hello === "invalid" ? undefined : hello.serverName };
        if (end === "end") throw new SluiceError("SLUICE_CLIENT_TLS", `${String(session.client)}: finished before its ClientHello`);
        return undefined;
      },
      timeout === undefined ? {} : { timeout },
    );
  }

  /** Returns the same object for the same certificate: the core prepares TLS once for each object. */
  #offerOf(certificate: CertificateContext): ServerTlsOptions {
    const offered = this.#offers.get(certificate);
    if (offered !== undefined) return offered;
    const { alpn, clientAuth, allowTruncation } = this.options;
    const offer: ServerTlsOptions = {
      ...certificate.material,
      secureContext: certificate.context,
      allowTruncation,
      ...(alpn === undefined ? {} : { ALPNProtocols: alpn }),
      ...(clientAuth === undefined ? {} : { requestCert: true, rejectUnauthorized: clientAuth.require }),
      ...(this.#keyLog === undefined ? {} : { onKeyLog: (line: Buffer) => this.#keyLog?.write(line) }),
    };
    this.#offers.set(certificate, offer);
    return offer;
  }

  /** Replaces the certificates for new handshakes; open sessions keep theirs. If the new ones cannot be used, the old ones stay. */
  async #reload(): Promise<void> {
    try {
      this.#certificates = await this.#load();
      this.logger.info("certificates reloaded");
    } catch (error) {
      this.logger.warn({ reason: reasonOf(error) }, "changed certificates refused, the old ones stay");
    }
  }

  async #load(): Promise<CertificateSet> {
    const { minVersion, clientAuth: { ca, crl } = { ca: [], crl: [] } } = this.options;
    const options: ContextOptions = {
      ca: ca.map((one) => loadAuthorities(one, this.place.folder, this.#warn)),
      crl: crl.map((one) => loadRevocations(one, this.place.folder)),
      minVersion,
      // OpenSSL does not look at the certificate of a resumed session again, and each resumption gives a new ticket.
      resume: this.options.resume && crl.length === 0,
    };
    const [first, ...others] = await this.#pairs(options);
    if (first === undefined) throw new SluiceError("SLUICE_INTERNAL", "tlsTermination has no certificate");
    const certificates = new CertificateSet([first, ...others], options, this.#warn);
    this.#shown = shownCertificates([first, ...others]);
    return certificates;
  }

  /** Loads the modules that make certificates only when they are needed: they take longer to load than all other plugins together. */
  async #pairs(options: ContextOptions): Promise<KeyPair[]> {
    const { selfSigned, ca, cert, key, passphrase, certificates = [] } = this.options;
    const { folder } = this.place;
    if (selfSigned !== undefined && ca) return this.#localPairs(selfSigned, options);
    if (selfSigned !== undefined) return [await (await import("./certificates/lone-certificate.ts")).loneCertificate(selfSigned)];
    const single = cert === undefined || key === undefined ? [] : [{ names: [], cert, key, passphrase }];
    return [...single, ...certificates].map((files) => loadKeyPair({ ...files, folder }, this.#warn));
  }

  async #localPairs(names: readonly string[], options: ContextOptions): Promise<KeyPair[]> {
    const { openLeafMaker } = await import("./authority/local-leaf.ts");
    const maker = await openLeafMaker(await caFolderOf(this.place.folder, this.options.caFolder), names, this.#warn);
    if (names.some((name) => name.startsWith("*.")))
      this.#wildcards = new WildcardLeaves(async (name) => createCertificateContext([await maker.leaf(name)], options));
    const pairs: KeyPair[] = [];
    for (const name of names) pairs.push(await maker.leaf(name));
    return pairs;
  }

  #wildcardLeaf(certificates: CertificateSet, serverName: string): Promise<CertificateContext> | undefined {
    const name = canonicalName(serverName);
    return certificates.isUnderWildcard(name) ? this.#wildcards?.for(name) : undefined;
  }

  #files(): string[] {
    const { cert, key, certificates = [], clientAuth } = this.options;
    const values = [
      cert,
      key,
      ...certificates.flatMap((one) => [one.cert, one.key]),
      ...(clientAuth === undefined ? [] : [...clientAuth.ca, ...clientAuth.crl]),
    ];
    return values.flatMap((value) => (value === undefined ? [] : (pemFile(value, this.place.folder) ?? [])));
  }

  #renewRegularly(): void {
    const timer = setInterval(() => void this.#reload(), RENEWAL);
    timer.unref();
    this.#stops.push(() => {
      clearInterval(timer);
    });
  }
}

/**
 * Terminates the client's TLS, so that plugins and the upstream get the decrypted data.
 *
 * @example plugins: [tlsTermination({ selfSigned: ["localhost"] })]
 */
export const tlsTermination: PluginFactory<TlsTerminationConfig> = definePlugin("tlsTermination", TlsTermination, tlsTerminationSchema);
