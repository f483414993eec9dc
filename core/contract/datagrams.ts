import type { SocketAddress } from "./address.ts";
import type { SluiceError } from "./errors.ts";
import type { Session } from "./session.ts";

/** Where a datagram is to go. */
export interface DatagramTarget {
  /** A name, or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a plugin does with the datagrams of a relay. A function that throws ends the session as a hook does. */
export interface DatagramRelayOptions {
  /** A datagram of the client's. It is the plugin's own. */
  readonly fromClient: (datagram: Buffer, relay: DatagramRelay) => void;
  /** A datagram of one of the targets that were sent to. It is the plugin's own. */
  readonly fromTarget: (datagram: Buffer, target: SocketAddress, relay: DatagramRelay) => void;
  /**
   * Asked of each address that a target leads to, behind every look-up: the reason not to send there. What it says of a target holds for as long
   * as that is sent to.
   * @default every address is sent to but those of the listener and the admin server
   */
  readonly refuse?: (address: string, target: DatagramTarget) => SluiceError | undefined;
  /** The port that the client sends from. @default that of its first datagram */
  readonly clientPort?: number;
}

/**
 * A way for datagrams beside the legs of a session, between its client and many targets. It ends with the session, and goes on over reloads.
 * What it carries counts as the session's. Nothing here throws, and what cannot be sent is dropped.
 */
export interface DatagramRelay {
  /** Where the client has to send: the listener's own end of the session, on a port of the relay's own. */
  readonly local: SocketAddress;
  /** To the client, once it has sent something, or its port was given. */
  toClient(datagram: Buffer): void;
  /** To a target, whose answers are taken from then on until nothing has been sent to it for `timeouts.udpIdle`. */
  toTarget(datagram: Buffer, target: DatagramTarget): void;
  /** Counts a datagram that the plugin does not want. @param why a word or two, always the same for the same reason */
  drop(why: string): void;
}

/** UDP sockets for the sessions of a listener. */
export interface Datagrams {
  /**
   * Opens a relay for a session. Its client is known by its address (`session.client`). Once for a session.
   *
   * Rejects with SLUICE_LIMIT_UDP_SESSIONS when the listener has `limits.udpSessions` of them, SLUICE_LIMIT_SESSIONS without a file descriptor
   * for it, SLUICE_ADDRESS_UNAVAILABLE, and SLUICE_PLUGIN_ARGUMENT for a client that has no IP address (`unix://`).
   */
  relay(session: Session, options: DatagramRelayOptions): Promise<DatagramRelay>;
}

/** What a relay of datagrams did beside what it carried, for the session's record. */
export interface RelayRecord {
  /** Where the client sent to, as it named it: the first 100. */
  readonly targets: readonly string[];
  /** Datagrams that were dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}
