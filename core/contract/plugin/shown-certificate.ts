/** A certificate that a plugin shows to clients. */
export interface ShownCertificate {
  /** The name that it is chosen for: one of the config's, or of the certificate's file. */
  readonly name: string;
  /** When it expires: milliseconds since the epoch. */
  readonly notAfter: number;
}
