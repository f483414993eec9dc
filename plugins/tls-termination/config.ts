import type { Duration } from "sluice";

/** One certificate of several. */
export interface CertificateConfig {
  /** The names that it is for, `"*.example.test"` among them. */
  names: string[];
  /** The certificate and its chain: PEM text, or the path of a file with it, relative to the config's folder. */
  cert: string;
  /** Its private key, likewise. */
  key: string;
  /** Decrypts `key`. @default it is not encrypted */
  passphrase?: string | undefined;
}

/** How clients show who they are. */
export interface ClientAuthConfig {
  /** The authorities that sign clients' certificates: PEM text or paths. */
  readonly ca: string | string[];
  /** `false`: clients without one are served too, unidentified; one that `ca` has not signed is refused all the same. @default true */
  readonly require?: boolean | undefined;
}

/** What `tlsTermination()` takes: `selfSigned`, `cert` with `key`, or `certificates`. */
export interface TlsTerminationConfig {
  /** Names for which certificates are made, signed by a local CA. */
  readonly selfSigned?: string[] | undefined;
  /** The folder of the local CA, relative to the config's. @default `.sluice/` beside the config, or the user's CA */
  readonly caFolder?: string | undefined;
  /** `false`, with `selfSigned`: one certificate that signs itself, and no CA. @default true */
  readonly ca?: boolean | undefined;
  /** The certificate and its chain: PEM text, or the path of a file with it, relative to the config's folder. */
  readonly cert?: string | undefined;
  /** Its private key, likewise. */
  readonly key?: string | undefined;
  /** Decrypts `key`. @default it is not encrypted */
  readonly passphrase?: string | undefined;
  /** Several certificates, chosen by the name that the client asks for (SNI); the first when it asks for none of them. Of the same name there may be one per type of key (RSA and ECDSA): the client gets the one that it can verify. */
  readonly certificates?: CertificateConfig[] | undefined;
  /** Protocols offered through ALPN, the preferred first. @default none */
  readonly alpn?: string[] | undefined;
  /** The oldest version of TLS that is spoken. @default "TLSv1.2" */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
  /** Asks the client for a certificate that `ca` has signed. @default it is not asked */
  readonly clientAuth?: ClientAuthConfig | undefined;
  /** For the whole handshake, the ClientHello included. @default the config's `timeouts.handshake` */
  readonly handshakeTimeout?: Duration | undefined;
  /** `true`: a client whose first byte does not begin TLS is served in plain. @default false */
  readonly optional?: boolean | undefined;
  /** Takes the end of a connection without a close_notify for an end (RFC 8446 section 6.1), as old clients send it. @default false */
  readonly allowTruncation?: boolean | undefined;
  /** File that the sessions' secrets are appended to, in the NSS format that Wireshark reads. @default none */
  readonly keyLog?: string | undefined;
}
