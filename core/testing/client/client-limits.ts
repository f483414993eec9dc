/** The limits of a client. */
export interface ClientLimits {
  /** Milliseconds until a wait gives up. */
  readonly timeout: number;
  /** Unread bytes after which a stream client stops reading. */
  readonly unread: number;
}
