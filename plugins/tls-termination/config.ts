import type { Duration } from "sluice";

/** One certificate of several. */
export interface CertificateConfig {
  /** The names that it is used for; wildcards such as `"*.example.test"` are possible. */
  names: string[];
  /** The certificate and its chain: PEM text, or the path of a file with it, relative to the config's folder. */
  cert: string;
  /** Its private key, also as PEM text or the path of a file. */
  key: string;
  /** The passphrase of `key`. @default the key is not encrypted */
  passphrase?: string | undefined;
}

/** Authentication of clients by certificates. */
export interface ClientAuthConfig {
  /** The certificates of the authorities that sign clients' certificates: PEM text or paths. */
  readonly ca: string | string[];
  /** The certificate revocation lists of the authorities: PEM text or paths. No session is resumed then, so that each handshake is checked. @default [] */
  readonly crl?: string | string[] | undefined;
  /** `false`: clients without a certificate are served too; a certificate that `ca` has not signed is still refused. @default true */
  readonly require?: boolean | undefined;
}

/** The options of `tlsTermination()`: `selfSigned`, `cert` with `key`, or `certificates`. */
export interface TlsTerminationConfig {
  /** Names for which certificates are made, which a local CA signs. */
  readonly selfSigned?: string[] | undefined;
  /** The folder of the local CA, relative to the config's folder. @default `.sluice/` next to the config, or the folder of the user's CA */
  readonly caFolder?: string | undefined;
  /** `false`, with `selfSigned`: one certificate that signs itself, and no CA. @default true */
  readonly ca?: boolean | undefined;
  /** The certificate and its chain: PEM text, or the path of a file with it, relative to the config's folder. */
  readonly cert?: string | undefined;
  /** Its private key, also as PEM text or the path of a file. */
  readonly key?: string | undefined;
  /** The passphrase of `key`. @default the key is not encrypted */
  readonly passphrase?: string | undefined;
  /** Several certificates, chosen by the name that the client asks for (SNI); the first one for all other names. A name may have one certificate per type of key (RSA and ECDSA): the client gets the one that it can verify. */
  readonly certificates?: CertificateConfig[] | undefined;
  /** The protocols that are offered through ALPN, the preferred first. @default none */
  readonly alpn?: string[] | undefined;
  /** The oldest version of TLS that is allowed. @default "TLSv1.2" */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** Asks clients for a certificate that `ca` has signed. @default clients are not asked */
  readonly clientAuth?: ClientAuthConfig | undefined;
  /** The longest time for the whole handshake, including the ClientHello. @default the config's `timeouts.handshake` */
  readonly handshakeTimeout?: Duration | undefined;
  /** `true`: a client whose first byte does not begin TLS is served without encryption. @default false */
  readonly optional?: boolean | undefined;
  /** `true`: the end of a connection without close_notify counts as a normal end (RFC 8446 section 6.1), for old clients. @default false */
  readonly allowTruncation?: boolean | undefined;
  /** `false`: no client can resume an earlier TLS session; every connection makes a full handshake, which costs more. @default true */
  readonly resume?: boolean | undefined;
  /** A file to which the sessions' secrets are appended, in the NSS format that Wireshark reads. @default none */
  readonly keyLog?: string | undefined;
}
