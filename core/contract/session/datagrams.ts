import type { SocketAddress } from "../addresses/address.ts";
import type { SluiceError } from "../errors/errors.ts";
import type { Session } from "./session.ts";

/** Where a datagram is to go. */
export interface DatagramTarget {
  /** A name, or an address; IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** What a plugin does with the datagrams of a relay. An exception in a function ends the session, as in a hook. */
export interface DatagramRelayOptions {
  /** Called with each datagram from the client. The plugin owns the buffer. */
  readonly fromClient: (datagram: Buffer, relay: DatagramRelay) => void;
  /** Called with each datagram from a target that was sent something. The plugin owns the buffer. */
  readonly fromTarget: (datagram: Buffer, target: SocketAddress, relay: DatagramRelay) => void;
  /**
   * Called for each address of a target, after every look-up: returns the reason not to send there, or undefined. Its answer for a target is
   * kept as long as datagrams are sent to that target.
   * @default refuses only the addresses of the listener and of the admin server
   */
  readonly refuse?: (address: string, target: DatagramTarget) => SluiceError | undefined;
  /** The port that the client sends from. @default that of its first datagram */
  readonly clientPort?: number;
}

/**
 * Carries datagrams beside the legs of a session, between its client and many targets. It ends with the session, and continues across reloads.
 * Its traffic counts as the session's. Nothing here throws, and a datagram that cannot be sent is dropped.
 */
export interface DatagramRelay {
  /** The address that the client has to send to: the listener's end of the session, with a port of the relay's own. */
  readonly local: SocketAddress;
  /** Sends to the client, once it has sent something or its port was given. */
  toClient(datagram: Buffer): void;
  /** Sends to a target. Its answers are accepted from then on, until nothing has been sent to it for `timeouts.udpIdle`. */
  toTarget(datagram: Buffer, target: DatagramTarget): void;
  /** Counts a datagram that the plugin does not want. @param why a word or two, always the same for the same reason */
  drop(why: string): void;
}

/** UDP sockets for the sessions of a listener. */
export interface Datagrams {
  /**
   * Opens a relay for a session, once per session. The client is recognised by its address (`session.client`).
   *
   * Rejects with SLUICE_LIMIT_UDP_SESSIONS when the listener has `limits.udpSessions` relays already, SLUICE_LIMIT_SESSIONS when no file
   * descriptor is left, SLUICE_ADDRESS_UNAVAILABLE, and SLUICE_PLUGIN_ARGUMENT for a client that has no IP address (`unix://`).
   */
  relay(session: Session, options: DatagramRelayOptions): Promise<DatagramRelay>;
}

/** Facts about a relay of datagrams, besides its traffic, for the session's record. */
export interface RelayRecord {
  /** The targets, as the client named them: the first 100. */
  readonly targets: readonly string[];
  /** Datagrams that were dropped, by reason. */
  readonly dropped: Readonly<Record<string, number>>;
}
