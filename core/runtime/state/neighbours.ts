/** The numbers of sessions in the other processes when a client arrives. They may be too high, but never too low. */
export interface Elsewhere {
  /** Open stream sessions. */
  readonly sessions: number;
  /** Open sessions of the client's listener. */
  readonly ofListener: number;
  /** Open sessions of the same client on that listener, if `limits.sessionsPerClient` applies. */
  readonly ofClient: number;
  /** Set if the listener has no room: milliseconds that the client has waited for it. */
  readonly waited?: number | undefined;
}

export const nothingElsewhere: Elsewhere = { sessions: 0, ofListener: 0, ofClient: 0 };

/** The other processes of the same proxy, for the limits that apply to all of them together. */
export interface Neighbours {
  readonly elsewhere: Elsewhere;
  /** A client has this number of sessions on a listener now. @param client its key */
  counted(listener: string, client: string, sessions: number): void;
  /** The number of sessions that a client has on a listener in the other processes. */
  sessionsOf(listener: string, client: string): Promise<number>;
}
