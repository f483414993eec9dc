import type { ByteHookName } from "./hooks.ts";
import type { Session } from "./session.ts";

/** One direction of a session, while it runs the byte hooks of one generation. */
export interface TappedFlow {
  readonly session: Session;
  readonly direction: ByteHookName;
  /** The plugin uses whose hooks its data passes, in the order of the data. */
  readonly plugins: readonly string[];
}

/**
 * Observes one direction of a session at both of its legs, wherever its plugin is in the list. It cannot change anything. A chunk is lent for the
 * call only: copy what you keep. An exception is a fault of the tap's plugin, and the tap is not called again.
 */
export interface FlowTap {
  /** A chunk came from the leg where the data enters, before the first plugin. */
  received?(chunk: Buffer): void;
  /** A chunk goes to the leg where the data leaves, after the last plugin. */
  sent?(chunk: Buffer): void;
  /** The peer that sends has finished (FIN). */
  ended?(): void;
  /** FIN goes to the peer that receives: nothing is sent after it. */
  finished?(): void;
}

/** TLS that the proxy itself speaks on one leg of a session. */
export interface TappedWire {
  readonly session: Session;
  readonly leg: "client" | "upstream";
  /** Of the upstream's leg: the endpoint that is dialled. Each attempt has a wire of its own. */
  readonly endpoint: string | undefined;
}

/**
 * Observes the connection below TLS, from the ClientHello on: bytes as they are encrypted. It cannot change anything. Copy what you keep. An
 * exception is a fault of the tap's plugin, and the tap is not called again.
 */
export interface WireTap {
  /** Bytes came from the peer. */
  received?(chunk: Buffer): void;
  /** Bytes go to the peer. */
  sent?(chunk: Buffer): void;
  /** The peer has finished (FIN). Not called where TLS is over before: after both goodbyes (close_notify), Node closes without waiting for FIN. */
  ended?(): void;
  /** FIN goes to the peer. */
  finished?(): void;
  /** A secret of the TLS session, before bytes that need it are sent: a line of the NSS key log format, with its line break. */
  secret?(line: Buffer): void;
  /** The connection is closed. */
  closed?(): void;
}

/** Access to the bytes of both legs of every session that runs the plugin's own pipeline. */
export interface Taps {
  /**
   * Call it in the constructor or in `setup`.
   *
   * @param begin called for each direction of each session, before its first chunk or when a reload has moved it here; undefined: not observed
   */
  tap(begin: (flow: TappedFlow) => FlowTap | undefined): void;

  /**
   * Looks below the TLS of sessions that begin from now on. Their encrypted bytes go through JavaScript then, which costs a few times the
   * CPU of a bulk transfer; other sessions cost nothing. Call it in the constructor or in `setup`.
   *
   * @param begin called when a TLS handshake begins; undefined: not observed
   */
  wire(begin: (wire: TappedWire) => WireTap | undefined): void;
}
